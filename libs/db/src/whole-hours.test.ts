import { describe, expect, it } from '@jest/globals';

import { wholeHours } from './whole-hours.ts';

const hoursOf = (from: string, to: string): readonly string[] => {
  const { hoursFrom, hoursTo } = wholeHours({
    from: new Date(`2026-01-01T${from}Z`),
    to: new Date(`2026-01-01T${to}Z`),
  });
  return [hoursFrom, hoursTo].map((time) => time.toISOString().slice(11, 16));
};

describe('the whole hours of a range', () => {
  it('begin and end within it', () => {
    expect(hoursOf('10:10', '14:50')).toEqual(['11:00', '14:00']);
    expect(hoursOf('10:00', '14:00')).toEqual(['10:00', '14:00']);
    expect(hoursOf('10:00:00.001', '12:00')).toEqual(['11:00', '12:00']);
  });

  it('are none at the end of a range without one', () => {
    expect(hoursOf('10:10', '10:40')).toEqual(['10:40', '10:40']);
    expect(hoursOf('10:10', '11:40')).toEqual(['11:40', '11:40']);
    expect(hoursOf('10:10', '11:00')).toEqual(['11:00', '11:00']);
  });
});
