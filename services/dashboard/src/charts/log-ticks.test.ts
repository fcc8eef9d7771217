import { describe, expect, it } from '@jest/globals';

import { logTicks } from './log-ticks.ts';

const values = (least: number, most: number): readonly number[] =>
  logTicks(Math.log10(least), Math.log10(most)).map((tick) => Number((10 ** tick).toPrecision(6)));

describe('logTicks', () => {
  it('are whole numbers on a logarithmic axis', () => {
    expect(values(0.1, 100)).toEqual([0.1, 0.3, 1, 3, 10, 30, 100]);
    expect(values(0.7, 40)).toEqual([1, 3, 10, 30]);
  });

  it('are powers of ten where there are many', () => {
    expect(values(1e-3, 1e4)).toEqual([0.001, 0.01, 0.1, 1, 10, 100, 1_000, 10_000]);
  });
});
