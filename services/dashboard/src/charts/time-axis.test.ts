import { describe, expect, it } from '@jest/globals';

import { tickTexts } from './time-axis.ts';

/** Seconds of a time in the zone of the viewer. */
const local = (...parts: [number, number, number, number?, number?, number?]): number =>
  new Date(...parts).getTime() / 1_000;

describe('tickTexts', () => {
  it('names days, and the year where it begins', () => {
    const days = [local(2025, 11, 30), local(2025, 11, 31), local(2026, 0, 1), local(2026, 0, 2)];
    expect(tickTexts(days, 86_400)).toEqual(['12-30\n2025', '12-31', '01-01\n2026', '01-02']);
  });

  it('names hours, and the day where it begins', () => {
    const hours = [local(2026, 4, 1, 18), local(2026, 4, 2, 0), local(2026, 4, 2, 6)];
    expect(tickTexts(hours, 21_600)).toEqual(['18:00\n2026-05-01', '00:00\n2026-05-02', '06:00']);
  });

  it('has seconds where minutes would repeat', () => {
    const texts = tickTexts([local(2026, 4, 1, 9, 5, 0), local(2026, 4, 1, 9, 5, 15)], 15);
    expect(texts).toEqual(['09:05:00\n2026-05-01', '09:05:15']);
  });
});
