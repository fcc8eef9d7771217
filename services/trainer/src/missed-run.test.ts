import { at as valueAt } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { missedRun, scheduleOf } from './missed-run.ts';

const at = (text: string) => new Date(text);
const missed = (schedule: string, timezone: string, lastRun: string, now: string) =>
  missedRun(schedule, timezone, at(lastRun), at(now))?.toISOString() ?? null;

/** Runs started by a scheduler that looks every ten minutes. */
function runsBetween(schedule: string, timezone: string, from: string, to: string): string[] {
  const runs: string[] = [];
  let last = at(from);
  for (let now = at(from).getTime(); now <= at(to).getTime(); now += 600_000) {
    const run = missedRun(schedule, timezone, last, new Date(now));
    if (run === null) continue;
    runs.push(run.toISOString());
    last = run;
  }
  return runs;
}

describe('missedRun', () => {
  it('finds the run that passed while nobody watched', () => {
    expect(missed('15 2 * * *', 'UTC', '2026-05-01T02:15:00Z', '2026-05-02T09:00:00Z')).toBe(
      '2026-05-02T02:15:00.000Z',
    );
  });

  it('finds none when the last run was the latest', () => {
    expect(missed('15 2 * * *', 'UTC', '2026-05-02T02:15:00Z', '2026-05-02T09:00:00Z')).toBeNull();
    expect(missed('15 2 * * *', 'UTC', '2026-05-01T02:15:00Z', '2026-05-02T02:14:59Z')).toBeNull();
  });

  it('makes one run of several missed ones: the latest', () => {
    expect(missed('15 2 * * *', 'UTC', '2026-05-01T02:15:00Z', '2026-05-09T09:00:00Z')).toBe(
      '2026-05-09T02:15:00.000Z',
    );
  });

  it('is due at the very second', () => {
    expect(missed('15 2 * * *', 'UTC', '2026-05-01T02:15:00Z', '2026-05-02T02:15:00Z')).toBe(
      '2026-05-02T02:15:00.000Z',
    );
  });

  it('follows the zone through the year', () => {
    expect(missed('15 2 * * *', 'Europe/Paris', '2026-01-09T12:00:00Z', '2026-01-10T12:00:00Z')).toBe(
      '2026-01-10T01:15:00.000Z',
    );
    expect(missed('15 2 * * *', 'Europe/Paris', '2026-07-09T12:00:00Z', '2026-07-10T12:00:00Z')).toBe(
      '2026-07-10T00:15:00.000Z',
    );
  });

  it('runs once on the day that skips the hour', () => {
    // Paris, 29 March 2026: 02:00 becomes 03:00.
    expect(runsBetween('30 2 * * *', 'Europe/Paris', '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    // New York, 8 March 2026.
    expect(runsBetween('30 2 * * *', 'America/New_York', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z')).toEqual([
      '2026-03-08T07:30:00.000Z',
    ]);
  });

  it('runs once on the day that repeats the hour', () => {
    // Paris, 25 October 2026: 03:00 becomes 02:00, so 02:30 comes at 00:30Z and at 01:30Z.
    expect(runsBetween('30 2 * * *', 'Europe/Paris', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('runs every hour that passes, also across both changes, when it is to run every hour', () => {
    expect(runsBetween('0 * * * *', 'Europe/Paris', '2026-10-24T22:30:00Z', '2026-10-25T03:00:00Z')).toEqual([
      '2026-10-24T23:00:00.000Z',
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
      '2026-10-25T03:00:00.000Z',
    ]);
    expect(runsBetween('0 * * * *', 'Europe/Paris', '2026-03-28T23:30:00Z', '2026-03-29T03:00:00Z')).toEqual([
      '2026-03-29T00:00:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
      '2026-03-29T03:00:00.000Z',
    ]);
  });

  it('knows leap days', () => {
    expect(missed('0 3 29 2 *', 'UTC', '2024-02-29T03:00:00Z', '2028-02-29T04:00:00Z')).toBe(
      '2028-02-29T03:00:00.000Z',
    );
    expect(missed('0 3 29 2 *', 'UTC', '2024-02-29T03:00:00Z', '2028-02-28T23:59:00Z')).toBeNull();
    expect(missed('0 3 * * *', 'UTC', '2028-02-28T03:00:00Z', '2028-02-29T04:00:00Z')).toBe('2028-02-29T03:00:00.000Z');
  });

  it('knows days of the week', () => {
    expect(missed('0 3 * * 1', 'UTC', '2026-05-04T03:00:00Z', '2026-05-10T12:00:00Z')).toBeNull();
    expect(missed('0 3 * * 1', 'UTC', '2026-05-04T03:00:00Z', '2026-05-11T12:00:00Z')).toBe('2026-05-11T03:00:00.000Z');
  });

  it('starts every daily run once and in order, wherever and whenever', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo'),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 3 * 365 }),
        (timezone, hour, minute, startDay) => {
          const start = Date.UTC(2016, 0, 1) + startDay * 86_400_000;
          const runs: number[] = [];
          let last = start;
          for (let now = start; now < start + 12 * 86_400_000; now += 3 * 3_600_000) {
            const run = missedRun(`${minute} ${hour} * * *`, timezone, new Date(last), new Date(now));
            if (run !== null) runs.push((last = run.getTime()));
          }
          expect(runs.length).toBeGreaterThanOrEqual(11);
          expect(runs.length).toBeLessThanOrEqual(12);
          for (let i = 1; i < runs.length; i++) {
            const gapHours = (valueAt(runs, i) - valueAt(runs, i - 1)) / 3_600_000;
            expect(gapHours).toBeGreaterThanOrEqual(22.5);
            expect(gapHours).toBeLessThanOrEqual(25.5);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('refuses what is no cron expression, naming the field', () => {
    expect(() => scheduleOf('61 2 * * *')).toThrow(/minute/);
    expect(() => scheduleOf('nightly')).toThrow(expect.objectContaining({ code: 'FLOWLINE_CONFIG_INVALID' }));
  });
});
