import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { AbsencePolicy } from './absence.ts';
import { expectationsAt, hourOfWeek, WEEK_HOURS } from './expectations.ts';

const HOUR_MS = 3_600_000;
const QUARTER_MS = HOUR_MS / 4;
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns'] as const;

const policy = (hoursMs: readonly number[], timezone = 'UTC', alertAfterMs = 0): AbsencePolicy => ({
  ...{ per: 'detector', expectEveryMs: Math.min(...hoursMs), alertAfterMs, severity: 'major', forgetAfterMs: 1e9 },
  week: { timezone, hoursMs },
});
const week = (changes: Readonly<Record<number, number>>, otherMs = 60_000): number[] => {
  const changed = new Map(Object.entries(changes));
  return Array.from({ length: WEEK_HOURS }, (_, hour) => changed.get(String(hour)) ?? otherMs);
};

/** Interval that is expected of a silence, by every quarter of an hour of it. */
function naive({ week: learned }: AbsencePolicy, sinceMs: number, untilMs: number): number {
  const { hoursMs = [], timezone = '' } = learned ?? {};
  let most = 0;
  for (let ms = sinceMs; ; ms = Math.min(untilMs, Math.floor(ms / QUARTER_MS + 1) * QUARTER_MS)) {
    most = Math.max(most, at(hoursMs, hourOfWeek(ms, timezone)));
    if (ms === untilMs) return most;
  }
}
const expectedOf = (of: AbsencePolicy, sinceMs: number, untilMs: number) =>
  expectationsAt(of, untilMs).find(({ fromMs }) => sinceMs >= fromMs);

describe('the interval that is expected of a silence', () => {
  it('is the one that is given, if none was learned', () => {
    const given: AbsencePolicy = {
      ...{ per: 'detector', expectEveryMs: 60_000, alertAfterMs: 300_000, severity: 'major', forgetAfterMs: 1e9 },
    };
    expect(expectationsAt(given, 0)).toEqual([{ fromMs: -Infinity, expectEveryMs: 60_000, alertAfterMs: 300_000 }]);
  });

  it('is the largest of the hours of the week that it touches, in its zone', () => {
    const hours = fc.array(fc.integer({ min: 2, max: 9 }), { minLength: WEEK_HOURS, maxLength: WEEK_HOURS });
    // Around the last Sundays of March and October, and any other time.
    const changes = [
      Date.UTC(2026, 2, 29, 1),
      Date.UTC(2026, 9, 25, 1),
      Date.UTC(2026, 3, 4, 15),
      Date.UTC(2026, 6, 1),
    ];
    const until = fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -30 * 60, max: 30 * 60 }))
      .map(([ms, minutes]) => ms + minutes * 60_000);
    const length = fc.oneof(fc.integer({ min: 0, max: 180 }), fc.integer({ min: 0, max: 8 * 24 * 60 }));
    fc.assert(
      fc.property(hours, fc.constantFrom(...ZONES), until, length, (hoursMs, zone, untilMs, minutes) => {
        const sinceMs = untilMs - minutes * 60_000;
        const of = policy(hoursMs, zone);
        expect(expectedOf(of, sinceMs, untilMs)?.expectEveryMs).toBe(naive(of, sinceMs, untilMs));
      }),
      { numRuns: 500 },
    );
  });

  it('is that of a rest while the silence has begun in it, and of the day afterwards', () => {
    // A Monday: events every minute from 9 to 17, none for 16 hours otherwise.
    const night = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [17 + i, 16 * HOUR_MS]));
    const of = policy(week(night));
    const monday = Date.UTC(2026, 0, 5);
    const hour = (hours: number) => monday + hours * HOUR_MS;
    expect(expectedOf(of, hour(16.5), hour(16.9))).toMatchObject({ expectEveryMs: 60_000, alertAfterMs: 90_000 });
    for (const until of [17, 20, 24 + 9.5]) {
      expect(expectedOf(of, hour(16.9), hour(until))?.alertAfterMs).toBe(24 * HOUR_MS);
    }
    expect(expectedOf(of, hour(24 + 9), hour(24 + 9.5))?.alertAfterMs).toBe(90_000);
  });

  it('follows the clock of the zone on the days of its changes', () => {
    const of = policy(week({ 147: 9 * 60_000 }, 60_000), 'Europe/Berlin');
    // Sunday from 3 to 4: in Berlin at 01:00Z on both days of the change, at 02:00Z in winter.
    for (const [from, winter] of [
      [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 2, 22, 2)],
      [Date.UTC(2026, 9, 25, 2), Date.UTC(2026, 9, 18, 1)],
    ] as const) {
      for (const ms of [from, winter]) {
        expect(expectedOf(of, ms, ms + 1)?.expectEveryMs).toBe(9 * 60_000);
        expect(expectedOf(of, ms - 2, ms - 1)?.expectEveryMs).toBe(60_000);
        expect(expectedOf(of, ms + HOUR_MS, ms + HOUR_MS + 1)?.expectEveryMs).toBe(60_000);
      }
    }
  });

  it('opens no alert before the silence that is given with it', () => {
    const of = policy(week({}, 60_000), 'UTC', 300_000);
    expect(expectationsAt(of, 0)).toEqual([{ fromMs: -Infinity, expectEveryMs: 60_000, alertAfterMs: 300_000 }]);
  });
});
