import type { HistoryDay } from '@flowline/db';
import { at } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { eventsPerDay } from './events-per-day.ts';
import { usualTimes } from './usual-times.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = DAY_MS / 24;
const START = Date.UTC(2026, 0, 5);

/** Groups times by day, as the database does. */
function daysOf(times: readonly number[]): HistoryDay[] {
  const byDay = new Map<number, number[]>();
  for (const time of [...times].sort((a, b) => a - b)) {
    const startMs = Math.floor(time / DAY_MS) * DAY_MS;
    const own = byDay.get(startMs);
    if (own === undefined) byDay.set(startMs, [time]);
    else own.push(time);
  }
  return [...byDay].map(([startMs, own]) => ({
    ...{ startMs, rows: own.length, firstMs: at(own, 0), lastMs: own.at(-1) ?? NaN },
  }));
}

const every = (stepMs: number, count: number, from = START): number[] =>
  Array.from({ length: count }, (_, i) => from + i * stepMs);
const minutes = (count: number, from = START): number[] => every(60_000, count, from);
const rateOf = (times: readonly number[]): number => eventsPerDay(daysOf(times));

describe('eventsPerDay', () => {
  it.each([
    ['5,999 rows a minute apart', minutes(5_999)],
    ['and one of 2012', [...minutes(5_999), Date.UTC(2012, 0, 1)]],
    ['and one of the year 9999', [...minutes(5_999), Date.UTC(9999, 11, 31)]],
    ['and three of one day of 1970', [...minutes(5_999), 1, HOUR_MS, 20 * HOUR_MS]],
    ['a gap of a year', [...minutes(3_000), ...minutes(3_000, START + 365 * DAY_MS)]],
    [
      'a gap of a year, and a row in it',
      [...minutes(3_000), START + 200 * DAY_MS, ...minutes(3_000, START + 365 * DAY_MS)],
    ],
    ['ten gaps', Array.from({ length: 11 }, (_, i) => minutes(4_000, START + i * 20 * DAY_MS)).flat()],
    ['begun and ended in the middle of a day', minutes(5_000, START + 14.5 * HOUR_MS)],
    ['weekdays alone', Array.from({ length: 3 }, (_, week) => minutes(7_200, START + week * 7 * DAY_MS)).flat()],
    ['an hour', minutes(61)],
  ])('is 1,440: %s', (_name, times) => {
    expect(rateOf(times) / 1440).toBeCloseTo(1, 1);
    expect(Math.abs(rateOf(times) / 1440 - 1)).toBeLessThan(0.02);
  });

  it('counts a day of opening hours as a day', () => {
    const day = (i: number) => every(30_000, 960, START + i * DAY_MS + 9 * HOUR_MS);
    const open = Array.from({ length: 28 }, (_, i) => i).filter((i) => i % 7 < 5);
    expect(rateOf(open.flatMap(day))).toBeCloseTo(960, 6);
    expect(rateOf(Array.from({ length: 10 }, (_, week) => day(7 * week)).flat())).toBeCloseTo(960, 6);
  });

  it('is that of the calendar where most days have no event by chance', () => {
    expect(rateOf(every(7 * DAY_MS, 300)) * 7).toBeCloseTo(1, 1);
    expect(rateOf(every(3 * DAY_MS, 300)) * 3).toBeCloseTo(1, 1);
    expect(rateOf(every(30 * DAY_MS, 60)) * 30).toBeCloseTo(1, 1);
  });

  it('takes a moment for an hour, and nothing for nothing', () => {
    expect(rateOf([START, START, START + 5])).toBe(72);
    expect(rateOf([])).toBe(0);
  });
});

describe('usualTimes', () => {
  const usual = minutes(6_000);
  const [firstMs, lastMs] = [START, START + 5_999 * 60_000];

  it.each([
    ['nothing', [], 0],
    ['one of 2012', [Date.UTC(2012, 0, 1)], 1],
    ['one of the year 9999', [Date.UTC(9999, 11, 31)], 1],
    ['some at either end', [0, 1000, Date.UTC(2000, 0, 1), Date.UTC(2040, 0, 1), Date.UTC(9999, 0, 1)], 5],
  ])('leave out %s', (_name, stray, rows) => {
    for (const lookback of [null, 30 * DAY_MS]) {
      const times = usualTimes(daysOf([...usual, ...stray]), lookback);
      expect(times).toMatchObject({ fromMs: firstMs, toMs: lastMs });
      expect(times?.stray?.rows ?? 0).toBe(rows);
      if (rows > 0) expect(times?.stray).toMatchObject({ firstMs: Math.min(...stray), lastMs: Math.max(...stray) });
    }
  });

  it('find a day near by that would empty a short lookback', () => {
    const times = usualTimes(daysOf([...usual, lastMs + 5 * DAY_MS]), DAY_MS);
    expect(times).toMatchObject({ toMs: lastMs, stray: { rows: 1 } });
  });

  it.each([
    ['what is more than a few rows', [...usual, ...minutes(100, START - 100 * DAY_MS)]],
    ['days after a gap, however long the history', [...minutes(300_000), ...minutes(1_500, START + 250 * DAY_MS)]],
    ['what came before a gap', [...minutes(3_000), ...minutes(3_000, START + 365 * DAY_MS)]],
    ['sparse events', every(7 * DAY_MS, 300)],
    [
      'weekends off',
      Array.from({ length: 20 }, (_, week) => minutes(7_200, START + week * 7 * DAY_MS))
        .flat()
        .slice(0, -7_100),
    ],
  ])('keep %s', (_name, times) => {
    expect(usualTimes(daysOf(times), 30 * DAY_MS)).toEqual({
      fromMs: times.reduce((a, b) => Math.min(a, b)),
      toMs: times.reduce((a, b) => Math.max(a, b)),
      stray: null,
    });
  });

  it('are none of no rows', () => {
    expect(usualTimes([], null)).toBeNull();
  });
});
