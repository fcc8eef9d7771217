import { describe, expect, it } from '@jest/globals';

import { qqBand, qqPoints } from './qq.ts';

describe('qqPoints', () => {
  it('lie on the diagonal for calibrated p-values', () => {
    // 1,024 of them: half have less than a bit, half of the others less than two.
    const bits = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1, 1];
    for (const { expected, observed } of qqPoints(bits)) expect(observed).toBeCloseTo(expected, 9);
    expect(qqPoints(bits).at(-1)).toMatchObject({ events: 1, observed: 10 * Math.log10(2) });
  });

  it('lie above it where small p-values are too many, and leave out bits without events', () => {
    const found = qqPoints([990, 0, 0, 0, 10]);
    expect(found.map(({ events }) => events)).toEqual([1_000, 10]);
    expect(found.at(1)).toEqual({ events: 10, expected: 2, observed: 4 * Math.log10(2) });
  });

  it('are none without events', () => {
    expect(qqPoints([])).toEqual([]);
  });
});

describe('qqBand', () => {
  it('holds the exact quantiles of order statistics', () => {
    const band = qqBand(1_000);
    // Of the smallest of 1,000: 1 − (1 − p)^1000 = 0.975 and 0.025.
    const last = band.at(-1);
    expect(last?.x).toBeCloseTo(3, 9);
    expect(last?.low).toBeCloseTo(-Math.log10(1 - 0.025 ** (1 / 1_000)), 1);
    expect(last?.high).toBeCloseTo(-Math.log10(1 - 0.975 ** (1 / 1_000)), 1);
    // The 100th of them has Beta(100, 901): 0.0822 to 0.1194.
    const middle = band.find(({ x }) => Math.abs(x - 1) < 0.02);
    expect(middle?.low).toBeCloseTo(-Math.log10(0.1194), 1);
    expect(middle?.high).toBeCloseTo(-Math.log10(0.0822), 1);
  });

  it('has the diagonal within it, and grows towards the tail', () => {
    const band = qqBand(50_000);
    for (const { x, low, high } of band) expect(low <= x && x <= high).toBe(true);
    const widths = band.map(({ low, high }) => high - low);
    expect(widths.at(-1)).toBeGreaterThan(10 * (widths.at(20) ?? Infinity));
  });
});
