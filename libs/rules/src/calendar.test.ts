import { describe, expect, it } from '@jest/globals';

import { Calendar } from './calendar.ts';

const calendar = (start: string, duration: string, rrule?: string, timezone = 'Europe/Paris') =>
  new Calendar({ timezone, events: [{ start, duration, ...(rrule === undefined ? {} : { rrule }) }] });

/** Times among these at which the calendar is in force. */
const within = (found: Calendar, times: readonly string[]): string[] =>
  times.filter((time) => found.contains(Date.parse(time)));

describe('a calendar', () => {
  it('repeats in local time through the year', () => {
    const nights = calendar('2026-01-01T22:00', '8h', 'FREQ=DAILY');
    expect(
      within(nights, [
        '2026-01-15T20:59:59Z',
        '2026-01-15T21:00:00Z',
        '2026-01-16T04:59:59Z',
        '2026-01-16T05:00:00Z',
        '2026-07-15T19:59:59Z',
        '2026-07-15T20:00:00Z',
        '2026-07-16T03:59:59Z',
        '2025-12-30T22:00:00Z',
      ]),
    ).toEqual(['2026-01-15T21:00:00Z', '2026-01-16T04:59:59Z', '2026-07-15T20:00:00Z', '2026-07-16T03:59:59Z']);
  });

  it('on the day when clocks skip 02:30, begins as far after the change', () => {
    const backups = calendar('2026-01-01T02:30', '1h', 'FREQ=DAILY');
    expect(
      within(backups, [
        '2026-03-28T01:30:00Z',
        '2026-03-29T00:59:59Z',
        '2026-03-29T01:29:59Z',
        '2026-03-29T01:30:00Z',
        '2026-03-29T02:29:59Z',
        '2026-03-29T02:30:00Z',
        '2026-03-30T00:30:00Z',
      ]),
    ).toEqual(['2026-03-28T01:30:00Z', '2026-03-29T01:30:00Z', '2026-03-29T02:29:59Z', '2026-03-30T00:30:00Z']);
  });

  it('on the day when clocks show 02:30 twice, begins at the first', () => {
    const backups = calendar('2026-01-01T02:30', '30m', 'FREQ=DAILY');
    expect(
      within(backups, ['2026-10-25T00:30:00Z', '2026-10-25T00:59:59Z', '2026-10-25T01:30:00Z', '2026-10-26T01:30:00Z']),
    ).toEqual(['2026-10-25T00:30:00Z', '2026-10-25T00:59:59Z', '2026-10-26T01:30:00Z']);
  });

  it('ends whole days at the same local time, and hours after so many hours', () => {
    const day = calendar('2026-10-25', '1d');
    const hours = calendar('2026-10-25', '24h');
    const times = ['2026-10-24T22:00:00Z', '2026-10-25T21:59:59Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z'];
    expect(within(day, times)).toEqual(times.slice(0, 3));
    expect(within(hours, times)).toEqual(times.slice(0, 2));
    expect(within(calendar('2026-03-29', '1d'), ['2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z'])).toEqual([
      '2026-03-29T21:59:59Z',
    ]);
  });

  it('ends a repetition at its last time in the zone, and knows no times far away', () => {
    const until = calendar('2026-06-01T10:00', '1h', 'FREQ=DAILY;UNTIL=20260603T080000Z');
    expect(within(until, ['2026-06-03T08:30:00Z', '2026-06-04T08:30:00Z'])).toEqual(['2026-06-03T08:30:00Z']);
    const always = calendar('1900-01-01', '1d', 'FREQ=DAILY', 'UTC');
    expect([NaN, -8e15, 8e15, Infinity].map((ms) => always.contains(ms))).toEqual([false, false, false, false]);
    expect(always.contains(Date.UTC(2199, 11, 31))).toBe(true);
  });

  it.each([
    [calendar.bind(null, '2026-01-01', '1h', 'FREQ=NEVER'), /FREQ/],
    [calendar.bind(null, '2026-01-01', '1h', 'FREQ=SECONDLY'), /more often than every hour/],
    [calendar.bind(null, '2026-01-01', '1h', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'), /never happens/],
    [calendar.bind(null, '2026-02-30', '1h'), /no time 2026-02-30/],
    [calendar.bind(null, '2026-01-01', '400d'), /longer than 366 days/],
    [calendar.bind(null, '2026-01-01', '0h'), /ends before/],
  ])('says what is wrong with a repetition (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});

const ics = (...events: readonly string[]): string =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...events.flatMap((event) => ['BEGIN:VEVENT', event, 'END:VEVENT']),
    'END:VCALENDAR',
  ]
    .join('\n')
    .replaceAll('\n', '\r\n');

/** Events that share a UID, every other one an exception to all of them. */
const shared = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `UID:a\nDTSTART:20260101T100000${i % 2 ? '\nRECURRENCE-ID:20260101T100000' : ''}`,
  );

describe('an .ics file', () => {
  it('has repetitions with exceptions, events that were moved, and whole days', () => {
    const text = ics(
      'UID:1\nDTSTART;TZID=Europe/Paris:20260328T023000\nDTEND;TZID=Europe/Paris:20260328T033000\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Paris:20260330T023000',
      'UID:1\nRECURRENCE-ID;TZID=Europe/Paris:20260331T023000\nDTSTART;TZID=Europe/Paris:20260331T120000\nDURATION:PT30M',
      'UID:2\nDTSTART;VALUE=DATE:20261225\nDURATION:P1D\nRDATE;VALUE=DATE:20261227',
      'UID:3\nDTSTART:20261230T100000Z\nDURATION:PT90M',
      'UID:4\nSTATUS:CANCELLED\nDTSTART:20261231T100000Z\nDURATION:PT90M',
    );
    const found = new Calendar({ timezone: 'America/New_York', ics: text });
    expect(
      within(found, [
        '2026-03-28T01:30:00Z',
        '2026-03-29T01:30:00Z',
        '2026-03-30T00:30:00Z',
        '2026-03-31T00:30:00Z',
        '2026-03-31T10:15:00Z',
        '2026-04-01T00:30:00Z',
        '2026-04-02T00:30:00Z',
        '2026-12-25T04:59:59Z',
        '2026-12-25T05:00:00Z',
        '2026-12-26T05:00:00Z',
        '2026-12-27T12:00:00Z',
        '2026-12-30T11:29:59Z',
        '2026-12-31T11:00:00Z',
      ]),
    ).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-29T01:30:00Z',
      '2026-03-31T10:15:00Z',
      '2026-04-01T00:30:00Z',
      '2026-12-25T05:00:00Z',
      '2026-12-27T12:00:00Z',
      '2026-12-30T11:29:59Z',
    ]);
  });

  it.each([
    ['nothing of the kind', /invalid line/],
    [ics(), /no event/],
    [ics('DTSTART;TZID=W. Europe Standard Time:20260101T000000\nDURATION:PT1H'), /not an IANA time zone/],
    [ics('DTSTART:garbage\nDURATION:PT1H'), /invalid date-time/],
    [ics('SUMMARY:x'), /no start/],
    [ics('DTSTART:20260230T100000\nDURATION:PT1H'), /no time 20260230T100000/],
    [ics('DTSTART:20260101T990000\nDURATION:PT1H'), /no time 20260101T990000/],
    [ics('DTSTART:20260101T100000\nDURATION:-PT1H'), /ends before it has begun/],
    [ics('DTSTART:20260101T100000\nRRULE:FREQ=YEARLY\nRRULE:FREQ=DAILY'), /more than one RRULE/],
    [`${ics('DTSTART:20260101')}\n${ics('DTSTART:20260101')}`, /more than one VCALENDAR/],
    [ics(...shared(200)), /more than 10000 further dates/],
    [
      ics(`DTSTART:20260101T100000\nEXDATE:${Array<string>(10_001).fill('20260101T100000').join(',')}`),
      /more than 10000/,
    ],
  ])('says why it cannot be read (%#)', (text, message) => {
    expect(() => new Calendar({ timezone: 'UTC', ics: text })).toThrow(message);
  });
});

describe('repetitions that would take long to look at', () => {
  it.each([
    [
      'that last far into the next ones',
      Array<string>(2).fill('FREQ=HOURLY'),
      /more than 10000 repetitions meet one day/,
    ],
    ['that count for longer than can be counted', ['FREQ=DAILY;COUNT=20000'], /COUNT is more than 10,000/],
  ])('are refused: %s', (_, rrules, message) => {
    const events = rrules.map((rrule) => ({ start: '1970-01-01', duration: '366d', rrule }));
    expect(() => new Calendar({ timezone: 'Europe/Paris', events })).toThrow(message);
  });
});
