import { describe, expect, it } from '@jest/globals';

import { parseChoice, parseCount, parseMoment, parseProbability } from './parse-options.ts';

const usage = expect.objectContaining({ code: 'FLOWLINE_USAGE', where: '--o' });

describe('options of the command line', () => {
  it('counts are whole and at least 1', () => {
    expect(parseCount('--o', '20')).toBe(20);
    for (const text of ['0', '-1', '1.5', 'ten', '', '1e20', 'Infinity'])
      expect(() => parseCount('--o', text)).toThrow(usage);
  });

  it('moments are times, or durations before now', () => {
    const now = new Date('2026-05-02T00:00:00Z');
    expect(parseMoment('--o', '36h', now)).toEqual(new Date('2026-04-30T12:00:00Z'));
    expect(parseMoment('--o', '2026-05-01', now)).toEqual(new Date('2026-05-01T00:00:00Z'));
    expect(parseMoment('--o', '2026-05-01T10:30', now)).toEqual(new Date('2026-05-01T10:30:00Z'));
    expect(parseMoment('--o', '2026-05-01 10:30:05+02:00', now)).toEqual(new Date('2026-05-01T08:30:05Z'));
    expect(parseMoment('--o', '2026-05-01T24:00:00Z', now)).toEqual(new Date('2026-05-02T00:00:00Z'));
    expect(parseMoment('--o', '2026-05-01t10:30:05,25z', now)).toEqual(new Date('2026-05-01T10:30:05.250Z'));
    for (const text of ['yesterday', '2026-05-01T25:00', '0h', '2026-02-30', '', '3000000d', '99999999999d'])
      expect(() => parseMoment('--o', text, now)).toThrow(usage);
  });

  it('probabilities lie between 0 and 1', () => {
    expect(parseProbability('--o', '1e-3')).toBe(0.001);
    for (const text of ['0', '1', '', 'x', '-0.1']) expect(() => parseProbability('--o', text)).toThrow(usage);
  });

  it('choices are one of the words, and the error names them', () => {
    expect(parseChoice('--o', 'csv', ['csv', 'ndjson'])).toBe('csv');
    expect(() => parseChoice('--o', 'xml', ['csv', 'ndjson'])).toThrow(/"xml"; expected csv or ndjson/);
  });
});
