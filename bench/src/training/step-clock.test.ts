import { describe, expect, it } from '@jest/globals';

import { StepClock } from './step-clock.ts';
import { drawAll } from './testing.ts';

const rowsOf = (size: number) => ({ x: Float32Array.from({ length: 2 * size }, (_, i) => i), size });

describe('a step clock', () => {
  it.each([
    ['rows in pieces', { initial: 2048, batch: 512, chunk: 256 }],
    ['batches smaller than the initialisation', { initial: 2048, batch: 256, chunk: 256 }],
    ['batches larger than the initialisation', { initial: 2048, batch: 4096, chunk: 256 }],
    ['whole batches', { initial: 2048, batch: 4096, chunk: 4096 }],
    ['no initialisation', { initial: 0, batch: 256, chunk: 256 }],
  ])('measures the period of steps with %s', (_name, drawing) => {
    let ms = 0;
    const clock = new StepClock(rowsOf(drawing.batch), 10, () => ms);
    expect(() => drawAll(clock, { ...drawing, steps: clock.stepsNeeded }, () => (ms += 7))).toThrow(/are taken/);
    expect(clock.isDone).toBe(true);
    expect(clock.msPerStep).toBe(7);
  });

  it('leaves the first step out', () => {
    let [ms, step] = [0, 0];
    const clock = new StepClock(rowsOf(4096), 2, () => ms);
    const drawing = { initial: 2048, batch: 4096, chunk: 256, steps: 9 };
    expect(() => drawAll(clock, drawing, () => (ms += step++ === 0 ? 1000 : 3))).toThrow(/are taken/);
    expect(clock.msPerStep).toBe(3);
  });

  it('serves the same batch at every step, whichever rows are asked for', () => {
    const batch = rowsOf(512);
    const clock = new StepClock(batch, 10);
    for (let step = 0; step < 3; step++) {
      const [first, second] = [0, 256].map((from) => clock.rowsAt(new Int32Array(256).fill(from + 9)));
      expect([...first!.x, ...second!.x]).toEqual([...batch.x]);
    }
  });

  it('has no time before the end', () => {
    const clock = new StepClock(rowsOf(256), 10);
    drawAll(clock, { initial: 2048, batch: 256, chunk: 256, steps: 4 });
    expect([clock.isDone, clock.msPerStep]).toEqual([false, NaN]);
  });
});
