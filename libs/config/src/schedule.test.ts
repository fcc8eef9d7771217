import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readSchedule } from './schedule.ts';

const scheduleOf = (text: string) => {
  const { schedule } = readSchedule(text);
  if (schedule === null) throw new Error(`${text} is refused`);
  return schedule;
};
/** Days of a year on which a schedule runs, as `month-day`. */
function daysOf(text: string, year = 2026): string[] {
  const days: string[] = [];
  for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += 86_400_000) {
    const [month, day] = [new Date(ms).getUTCMonth() + 1, new Date(ms).getUTCDate()];
    if (scheduleOf(text).isDay({ year, month, day })) days.push(`${month}-${day}`);
  }
  return days;
}

describe('readSchedule', () => {
  it('reads values, ranges, steps, lists and names', () => {
    expect(scheduleOf('15 2 * * *')).toMatchObject({ seconds: [0], minutes: [15], hours: [2] });
    expect(scheduleOf('*/20 8-18/5,23 * * *')).toMatchObject({ minutes: [0, 20, 40], hours: [8, 13, 18, 23] });
    expect(scheduleOf('30 5 4 * * *')).toMatchObject({ seconds: [30], minutes: [5], hours: [4] });
    expect(daysOf('0 0 1 JAN,jul *')).toEqual(['1-1', '7-1']);
    expect(daysOf('0 0 * 1 mon-tue')).toEqual(['1-5', '1-6', '1-12', '1-13', '1-19', '1-20', '1-26', '1-27']);
  });

  it('takes 0 and 7 for Sunday, also at the end of a range', () => {
    expect(daysOf('0 0 * 1 7')).toEqual(daysOf('0 0 * 1 0'));
    expect(daysOf('0 0 * 1 5-7')).toEqual(daysOf('0 0 * 1 fri,sat,sun'));
    expect(daysOf('0 0 * 1 fri-sun')).toEqual(daysOf('0 0 * 1 5-7'));
  });

  it('runs on either day where both are restricted, and on both where one begins with *', () => {
    // 13 January 2026 is a Tuesday; Fridays are the 2nd, 9th, 16th, 23rd and 30th.
    expect(daysOf('0 0 13 1 fri')).toEqual(['1-2', '1-9', '1-13', '1-16', '1-23', '1-30']);
    expect(daysOf('0 0 */2 1 fri')).toEqual(['1-9', '1-23']);
  });

  it.each([
    ['@hourly', '0 * * * *'],
    ['@daily', '0 0 * * *'],
    ['@midnight', '0 0 * * *'],
    ['@weekly', '0 0 * * 0'],
    ['@monthly', '0 0 1 * *'],
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
  ])('reads %s as %s', (macro, fields) => {
    const [read, same] = [scheduleOf(macro), scheduleOf(fields)];
    expect([read.minutes, read.hours, daysOf(macro)]).toEqual([same.minutes, same.hours, daysOf(fields)]);
  });

  it.each([
    ['61 2 * * *', 'minute: 61', '0 to 59'],
    ['0 24 * * *', 'hour: 24', '0 to 23'],
    ['0 0 0 * *', 'day of month: 0', '1 to 31'],
    ['0 0 * 13 *', 'month: 13', '1 to 12'],
    ['0 0 * * 8', 'day of week: 8', '0 to 7'],
    ['every night', '2 fields', '15 2 * * *'],
    ['15 2 * *', '4 fields', '15 2 * * *'],
    ['', 'empty', 'leave it out'],
    ['   ', 'empty', 'leave it out'],
    ['daily', 'not a cron expression', '@daily'],
    ['@dayly', 'not a cron expression', '@daily'],
    ['@reboot', 'not a cron expression', '15 2 * * *'],
    ['0 0 30 2 *', 'no day', 'day of month'],
    ['0 0 31 4,6,9,11 *', 'no day', 'day of month'],
    ['0 22-6 * * *', 'ends before it begins', '22-23,0-6'],
    ['*/0 * * * *', 'leads nowhere', 'at least 1'],
    ['*/90 * * * *', 'leads beyond 59', 'at most 59'],
    ['5/10 * * * *', 'not a range', '5-59/'],
    ['0 0 L * *', '"L" is not understood', '1 to 31'],
    ['0 0 ? * mon', '"?" is not understood', '1 to 31'],
    ['0 0 * * mon#2', '"mon#2" is not understood', 'sun, mon'],
    ['0 0 15W * *', '"15W" is not understood', '1 to 31'],
    ['1,,2 * * * *', 'not understood', '15 2'],
    ['-5 * * * *', 'not understood', '0 to 59'],
    ['1.5 * * * *', 'not understood', '0 to 59'],
    ['* * * * * * *', '7 fields', '15 2'],
  ])('refuses "%s": %s', (text, finding, remedy) => {
    expect(readSchedule(text)).toEqual({
      schedule: null,
      finding: expect.stringContaining(finding),
      remedy: expect.stringContaining(remedy),
    });
  });

  it('takes or refuses any text, and what it takes has times within the day', () => {
    const item = fc.stringMatching(/^[-*/,0-9a-zA-Z@#?]{1,6}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(item, { minLength: 1, maxLength: 7 }).map((i) => i.join(' ')),
        ),
        (text) => {
          const { schedule } = readSchedule(text);
          if (schedule === null) return;
          expect(schedule.minutes.length * schedule.hours.length).toBeGreaterThan(0);
          expect(Math.max(...schedule.minutes)).toBeLessThan(60);
          expect(Math.max(...schedule.hours)).toBeLessThan(24);
        },
      ),
      { numRuns: 300 },
    );
  });
});
