import { describe, expect, it } from '@jest/globals';

import { BEGIN_MARK, END_MARK, framesOf, type TraceEvent } from './frames.ts';

const event = (name: string, ms: number, more: Partial<TraceEvent> = {}): TraceEvent => ({
  ...{ name, ph: 'I', ts: 1_000 * ms, pid: 1, tid: 1 },
  ...more,
});
const task = (ms: number, lengthMs: number, more: Partial<TraceEvent> = {}): TraceEvent =>
  event('RunTask', ms, { ph: 'X', dur: 1_000 * lengthMs, ...more });
const movement = [event(BEGIN_MARK, 100), event(END_MARK, 200)];
const drawn = (...times: number[]): TraceEvent[] => times.map((ms) => event('DrawFrame', ms, { tid: 7 }));

describe('framesOf', () => {
  it('counts the frames between the marks, in any order of the trace', () => {
    const frames = framesOf([...drawn(150, 110, 120, 90, 250), ...movement]);
    expect(frames).toEqual({ frames: 3, perSecond: 50, longestMs: 30, longestTaskMs: 0 });
  });

  it('finds the longest task of the page, until the end of the trace', () => {
    const tasks = [task(50, 90), task(120, 5), task(300, 40), task(300, 99, { tid: 2 }), task(300, 99, { pid: 2 })];
    expect(framesOf([...movement, ...drawn(110, 120), ...tasks]).longestTaskMs).toBe(40);
  });

  it('refuses a trace without the movement, or without frames', () => {
    expect(() => framesOf(drawn(110, 120))).toThrow('lacks the marks');
    expect(() => framesOf([...movement, ...drawn(110)])).toThrow('has 1 frames');
  });
});
