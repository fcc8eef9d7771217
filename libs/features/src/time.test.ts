import { describe, expect, it } from '@jest/globals';
import { Numeral } from '@flowline/events';
import fc from 'fast-check';

import { modulo, parseTime, timePartOf } from './time.ts';

describe('parseTime', () => {
  it('reads what records hold', () => {
    const time = Date.UTC(2001, 1, 3, 4, 5, 6, 789);
    expect(parseTime(time)).toBe(time);
    expect(parseTime(BigInt(time))).toBe(time);
    expect(parseTime(new Date(time))).toBe(time);
    expect(parseTime('2001-02-03T04:05:06.789Z')).toBe(time);
    expect(parseTime('2001-02-03 04:05:06.789')).toBe(time);
    expect(parseTime('2001-02-03T05:05:06.789123+01')).toBe(time);
    expect(parseTime('2001-02-03T05:35:06.789+0130')).toBe(time);
    expect(parseTime('2001-02-02T23:05:06.789-05:00')).toBe(time);
    expect(parseTime('2001-02-03T04:05')).toBe(Date.UTC(2001, 1, 3, 4, 5));
    expect(parseTime('2001-02-03  ')).toBe(Date.UTC(2001, 1, 3));
    expect(parseTime('2001-02-03')).toBe(Date.UTC(2001, 1, 3));
    expect(parseTime('2000-02-29')).toBe(Date.UTC(2000, 1, 29));
    expect(parseTime(new Numeral(`${time}.0`))).toBe(time);
  });

  it('reads what RFC 3339, ISO 8601 and Postgres have besides', () => {
    const newYear = Date.UTC(2017, 0, 1);
    expect(parseTime('2016-12-31T23:59:60Z')).toBe(newYear);
    expect(parseTime('2017-01-01T00:59:60.5+01:00')).toBe(newYear + 500);
    expect(parseTime('2016-12-31T24:00:00Z')).toBe(newYear);
    expect(parseTime('2016-12-31 24:00')).toBe(newYear);
    expect(parseTime('2017-01-01T00:00:00,25Z')).toBe(newYear + 250);
    expect(parseTime('1900-01-01 00:09:21+00:09:21')).toBe(Date.UTC(1900, 0, 1));
  });

  it.each([
    '',
    '12',
    'now',
    '2001-2-3',
    '2001-02-29',
    '2001-13-01',
    '2001-00-01',
    '2001-01-00',
    '2001-01-01T',
    '2001-01-01T24:00:01',
    '2001-01-01T24:30',
    '2001-01-01T23:59:61Z',
    '2001-01-01T23:59:60+01:00',
    '2001-01-01T10:00:00+00:00:60',
    '2001-01-01T10:00:00+0000:00',
    '2001-01-01T10:60',
    '2001-01-01T10:00:60',
    '2001-01-01T10:00:00.',
    ' 2001-01-01T10:00:00Z',
    '2001-01-01T10:00:00Z\n',
    '2001-01-01T10:00:00+1',
    '2001-01-01T10:00:00+01:0',
    '2001-01-01T10:00:00 UTC',
    '2001/01/01',
    'Mon, 01 Jan 2001 00:00:00 GMT',
    NaN,
    Infinity,
    1e300,
    new Date(NaN),
    true,
    null,
    {},
  ])('refuses %p', (value) => {
    expect(parseTime(value)).toBeNaN();
  });

  it('agrees with Date.toISOString', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0100-01-01T00:00:00Z'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          expect(parseTime(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});

describe('timePartOf', () => {
  const parts = (iso: string, timezone?: string) =>
    (['minuteOfDay', 'hourOfDay', 'dayOfWeek', 'dayOfMonth', 'dayOfYear', 'month'] as const).map((part) =>
      timePartOf(part, timezone)(Date.parse(iso)),
    );

  it('counts minutes and hours from 0, days and months from 1, weeks from Monday', () => {
    expect(parts('2001-01-01T00:00:00Z')).toEqual([0, 0, 1, 1, 1, 1]);
    expect(parts('2000-12-31T23:59:59.999Z')).toEqual([1439, 23, 7, 31, 366, 12]);
    expect(parts('1969-12-31T23:30:00Z')).toEqual([1410, 23, 3, 31, 365, 12]);
  });

  it('follows the zone, through both changes of the clock', () => {
    expect(parts('2024-03-31T00:59:00Z', 'Europe/Paris')[0]).toBe(119);
    expect(parts('2024-03-31T01:00:00Z', 'Europe/Paris')[0]).toBe(180);
    expect(parts('2024-10-27T00:59:00Z', 'Europe/Paris')[0]).toBe(179);
    expect(parts('2024-10-27T01:00:00Z', 'Europe/Paris')[0]).toBe(120);
    expect(parts('2001-01-01T02:00:00Z', 'America/New_York')).toEqual([1260, 21, 7, 31, 366, 12]);
    expect(parts('2001-01-01T00:00:00Z', 'Asia/Kathmandu')[0]).toBe(345);
  });

  it('changes within an hour where the zone does', () => {
    // Lord Howe Island moves its clock by half an hour at 15:30 UTC. Monrovia left UTC−0:44:30 at
    // 0:44:30 UTC.
    const minute = timePartOf('minuteOfDay', 'Australia/Lord_Howe');
    expect(minute(Date.parse('2024-04-06T14:59:00Z'))).toBe(1 * 60 + 59);
    expect(minute(Date.parse('2024-04-06T15:00:00Z'))).toBe(1 * 60 + 30);
    const monrovia = timePartOf('minuteOfDay', 'Africa/Monrovia');
    expect(monrovia(Date.parse('1972-01-07T00:44:00Z'))).toBe(1439);
    expect(monrovia(Date.parse('1972-01-07T00:45:00Z'))).toBe(45);
  });

  it('agrees with Intl everywhere', () => {
    const hours = new Intl.DateTimeFormat('en-US', {
      timeZone: 'America/St_Johns',
      hour: 'numeric',
      minute: 'numeric',
      hourCycle: 'h23',
    });
    const minuteOfDay = timePartOf('minuteOfDay', 'America/St_Johns');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), (time) => {
        const [hour = 0, minute = 0] = hours.format(time).split(':').map(Number);
        expect(minuteOfDay(time)).toBe(hour * 60 + minute);
      }),
    );
  });

  it('is defined at the ends of time', () => {
    const ends = [8.64e15 - 400 * 86_400_000, -(8.64e15 - 400 * 86_400_000)];
    for (const end of ends) {
      expect(parseTime(end)).toBe(end);
      expect(timePartOf('dayOfYear', 'Pacific/Kiritimati')(end)).toBeGreaterThan(0);
      expect(timePartOf('hourOfDay', 'Pacific/Pago_Pago')(end)).toBeLessThan(24);
    }
  });

  it('refuses a zone that does not exist', () => {
    expect(() => timePartOf('month', 'Europe/Atlantis')).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
    );
  });
});

describe('modulo', () => {
  it('lies within the divisor, for negative numbers too', () => {
    expect([modulo(5, 3), modulo(-1, 3), modulo(-3, 3) + 0]).toEqual([2, 2, 0]);
  });
});
