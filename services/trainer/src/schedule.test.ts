import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { type ScheduledDetector, TrainingSchedule } from './schedule.ts';

const nightly: ScheduledDetector = {
  name: 'nightly',
  schedule: '15 2 * * *',
  timezone: 'UTC',
  delayMs: 0,
  appliedAt: new Date('2026-05-01T00:00:00Z'),
};

/** An environment with a clock set by the test, and runs that claim their time as in Postgres. */
function world(detectors: ScheduledDetector[]) {
  const state = {
    now: new Date('2026-05-02T09:00:00Z'),
    detectors,
    runs: [] as string[],
    errors: [] as string[],
    rereads: [] as unknown[],
    away: false,
    running: 0,
    most: 0,
  };
  const abort = new AbortController();
  const last = new Map<string, Date>();
  const schedule = new TrainingSchedule({
    list: () => (state.away ? Promise.reject(new Error('away')) : Promise.resolve(state.detectors)),
    lastRun: (name) => Promise.resolve(last.get(name) ?? null),
    train: async (name, scheduledFor) => {
      state.most = Math.max(state.most, ++state.running);
      last.set(name, scheduledFor);
      state.runs.push(`${name} ${scheduledFor.toISOString()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      state.running--;
      if (name === 'broken') throw new Error('training failed');
    },
    onReread: (error) => state.rereads.push(error),
    onError: (name) => state.errors.push(name),
    signal: abort.signal,
    rereadMs: 10,
    now: () => state.now,
  });
  worlds.push({ schedule, abort });
  return { state, schedule, abort };
}

const worlds: { schedule: TrainingSchedule; abort: AbortController }[] = [];
afterEach(async () => {
  for (const { schedule, abort } of worlds.splice(0)) {
    abort.abort();
    await schedule.run();
  }
});

describe('TrainingSchedule', () => {
  it('makes up at start for the run that was missed, once', async () => {
    const { state, schedule } = world([nightly]);
    await schedule.reread();
    await schedule.reread();
    await schedule.idle();
    await schedule.reread();
    await schedule.idle();
    expect(state.runs).toEqual(['nightly 2026-05-02T02:15:00.000Z']);
  });

  it('gives a detector that is applied later its schedule, and takes away what is gone', async () => {
    const { state, schedule } = world([]);
    await schedule.reread();
    state.detectors = [nightly];
    await schedule.reread();
    await schedule.idle();
    expect(state.runs).toHaveLength(1);
    state.detectors = [];
    state.now = new Date('2026-05-03T09:00:00Z');
    await schedule.reread();
    await schedule.idle();
    expect(state.runs).toHaveLength(1);
  });

  it('follows a schedule that is changed', async () => {
    const { state, schedule } = world([
      { ...nightly, schedule: '0 12 * * *', appliedAt: new Date('2026-05-02T00:00:00Z') },
    ]);
    await schedule.reread();
    await schedule.idle();
    expect(state.runs).toEqual([]);
    state.detectors = [{ ...nightly, schedule: '0 8 * * *' }];
    await schedule.reread();
    await schedule.idle();
    expect(state.runs).toEqual(['nightly 2026-05-02T08:00:00.000Z']);
  });

  it('begins a run with the delay of its detector, however long that is', async () => {
    const { state, schedule } = world([{ ...nightly, delayMs: 600_000, appliedAt: new Date('2026-05-01T12:00:00Z') }]);
    const at = async (time: string) => {
      state.now = new Date(time);
      await schedule.reread();
      await schedule.idle();
      return state.runs.length;
    };
    expect(await at('2026-05-02T02:24:59Z')).toBe(0);
    expect(await at('2026-05-02T02:25:00Z')).toBe(1);
    state.detectors = [{ ...nightly, schedule: '0 * * * *', delayMs: 5_400_000 }];
    expect(await at('2026-05-02T05:29:59Z')).toBe(2);
    expect(await at('2026-05-02T05:30:00Z')).toBe(3);
    expect(state.runs.map((run) => run.slice(8, 24))).toEqual([
      '2026-05-02T02:15',
      '2026-05-02T03:00',
      '2026-05-02T04:00',
    ]);
  });

  it('trains one detector at a time, and goes on after one that fails', async () => {
    const { state, schedule } = world([{ ...nightly, name: 'broken' }, nightly, { ...nightly, name: 'other' }]);
    await schedule.reread();
    await schedule.idle();
    expect(state.runs.map((run) => run.split(' ')[0])).toEqual(['broken', 'nightly', 'other']);
    expect(state.most).toBe(1);
    expect(state.errors).toEqual(['broken']);
  });

  it('reports an expression that is none, once, and serves the others', async () => {
    const { state, schedule } = world([{ ...nightly, name: 'wrong', schedule: 'at night' }, nightly]);
    await schedule.reread();
    await schedule.reread();
    await schedule.idle();
    expect(state.errors).toEqual(['wrong']);
    expect(state.runs).toEqual(['nightly 2026-05-02T02:15:00.000Z']);
  });

  it('goes on when the detectors cannot be read for a while', async () => {
    const { state, schedule } = world([nightly]);
    state.away = true;
    await schedule.reread();
    expect(state.rereads).toEqual([new Error('away')]);
    state.away = false;
    await schedule.reread();
    await schedule.idle();
    expect(state.rereads).toHaveLength(2);
    expect(state.runs).toHaveLength(1);
  });

  it('runs on a tick of the clock', async () => {
    jest.useFakeTimers();
    try {
      const every: ScheduledDetector = { ...nightly, schedule: '* * * * *', appliedAt: new Date() };
      const { state, schedule, abort } = world([every]);
      state.now = new Date();
      await schedule.reread();
      await schedule.idle();
      expect(state.runs).toEqual([]);
      state.now = new Date(Date.now() + 60_000);
      for (let i = 0; i < 70 && state.runs.length === 0; i++) await jest.advanceTimersByTimeAsync(1_000);
      abort.abort();
      await schedule.run();
      expect(state.runs.length).toBeGreaterThanOrEqual(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends on its signal, after the training in progress', async () => {
    const { state, schedule, abort } = world([nightly]);
    const running = schedule.run();
    while (state.runs.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(state.running).toBe(1);
    abort.abort();
    await running;
    expect(state.running).toBe(0);
  });
});
