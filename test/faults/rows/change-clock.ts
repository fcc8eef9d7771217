import { type ScheduledDetector, TrainingSchedule } from '@flowline/trainer';

import type { Scenario } from '../scenario.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** A span of days with a clock change, and the runs expected by wall-clock time in the zone. */
interface Case {
  readonly name: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly from: string;
  readonly days: number;
  readonly expected: readonly string[];
  /** Change of the machine's clock: [instant, minutes]. */
  readonly clockChange?: readonly [string, number];
}

const cases: readonly Case[] = [
  {
    name: 'spring forward in New York: 02:30 does not exist and runs after the change',
    schedule: '30 2 * * *',
    timezone: 'America/New_York',
    from: '2026-03-07T05:00:00Z',
    days: 3,
    expected: ['2026-03-07T07:30:00.000Z', '2026-03-08T07:30:00.000Z', '2026-03-09T06:30:00.000Z'],
  },
  {
    name: 'fall back in New York: 01:30 comes twice and runs once',
    schedule: '30 1 * * *',
    timezone: 'America/New_York',
    from: '2026-10-31T04:00:00Z',
    days: 3,
    expected: ['2026-10-31T05:30:00.000Z', '2026-11-01T05:30:00.000Z', '2026-11-02T06:30:00.000Z'],
  },
  {
    name: 'spring forward in Berlin',
    schedule: '15 2 * * *',
    timezone: 'Europe/Berlin',
    from: '2026-03-28T00:00:00Z',
    days: 3,
    expected: ['2026-03-28T01:15:00.000Z', '2026-03-29T01:15:00.000Z', '2026-03-30T00:15:00.000Z'],
  },
  {
    name: 'fall back in Berlin: every hour of 25 runs',
    schedule: '0 * * * *',
    timezone: 'Europe/Berlin',
    from: '2026-10-24T22:30:00Z',
    days: 1,
    expected: Array.from({ length: 24 }, (_, i) => new Date(Date.UTC(2026, 9, 24, 23 + i)).toISOString()),
  },
  {
    name: 'a leap day',
    schedule: '0 3 29 2 *',
    timezone: 'UTC',
    from: '2028-02-27T00:00:00Z',
    days: 4,
    expected: ['2028-02-29T03:00:00.000Z'],
  },
  {
    name: 'the nights around a leap day',
    schedule: '15 2 * * *',
    timezone: 'UTC',
    from: '2028-02-28T00:00:00Z',
    days: 3,
    expected: ['2028-02-28T02:15:00.000Z', '2028-02-29T02:15:00.000Z', '2028-03-01T02:15:00.000Z'],
  },
  {
    name: 'the clock of the machine is set back by an hour just after a run',
    schedule: '15 2 * * *',
    timezone: 'UTC',
    from: '2026-05-01T00:00:00Z',
    days: 2,
    clockChange: ['2026-05-01T02:20:00Z', -60],
    expected: ['2026-05-01T02:15:00.000Z', '2026-05-02T02:15:00.000Z'],
  },
  {
    name: 'the clock of the machine jumps over a run',
    schedule: '15 2 * * *',
    timezone: 'UTC',
    from: '2026-05-01T00:00:00Z',
    days: 2,
    clockChange: ['2026-05-01T02:00:00Z', 180],
    expected: ['2026-05-01T02:15:00.000Z', '2026-05-02T02:15:00.000Z', '2026-05-03T02:15:00.000Z'],
  },
];

export const changeClock: Scenario = {
  id: 'R9',
  name: 'change-clock',
  title: 'clock changes, both days of daylight saving, a leap day',
  run: async () => {
    const claims: Record<string, boolean> = {};
    let missed = 0;
    let twice = 0;
    let runs = 0;
    for (const one of cases) {
      const found = await runsOf(one);
      runs += found.length;
      missed += one.expected.filter((run) => !found.includes(run)).length;
      twice += found.length - new Set(found).size;
      claims[`${one.name} (${found.join(' ')})`] = JSON.stringify(found) === JSON.stringify(one.expected);
    }
    return {
      events: runs,
      lost: missed,
      duplicated: twice,
      recoverySeconds: null,
      claims,
      counts: { cases: cases.length },
    };
  },
};

/**
 * Runs the real scheduler on a clock with steps of one minute. Runs are claimed with the semantics
 * of Postgres.
 */
async function runsOf({ schedule, timezone, from, days, clockChange }: Case): Promise<string[]> {
  const startMs = Date.parse(from);
  const detector: ScheduledDetector = {
    ...{ name: 'nightly', schedule, timezone, delayMs: 0 },
    appliedAt: new Date(startMs),
  };
  const abort = new AbortController();
  const runs: string[] = [];
  let nowMs = startMs;
  let last: Date | null = null;
  const scheduler = new TrainingSchedule({
    list: () => Promise.resolve([detector]),
    lastRun: () => Promise.resolve(last),
    train: (_name, scheduledFor) => {
      last = scheduledFor;
      runs.push(scheduledFor.toISOString());
      return Promise.resolve();
    },
    onReread: (error) => {
      if (error !== null) throw new Error('the detectors could not be read', { cause: error });
    },
    onError: (_name, error) => {
      throw new Error('a detector failed', { cause: error });
    },
    signal: abort.signal,
    now: () => new Date(nowMs),
  });
  let changed = false;
  for (let passedMs = 0; passedMs < days * DAY_MS; passedMs += MINUTE_MS) {
    nowMs += MINUTE_MS;
    if (clockChange !== undefined && !changed && nowMs >= Date.parse(clockChange[0])) {
      nowMs += clockChange[1] * MINUTE_MS;
      changed = true;
    }
    await scheduler.reread();
    await scheduler.idle();
  }
  abort.abort();
  await scheduler.run();
  return runs;
}
