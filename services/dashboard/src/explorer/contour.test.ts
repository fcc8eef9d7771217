import { describe, expect, it } from '@jest/globals';

import { contour } from './contour.ts';

describe('a contour', () => {
  it('crosses a slope where the level is', () => {
    const slope = Float64Array.from({ length: 12 }, (_, cell) => cell % 4);
    const segments = contour(slope, { columns: 4, rows: 3 }, 1.25);
    expect(segments).toHaveLength(2);
    for (const [x] of segments.flat()) expect(x).toBeCloseTo(1.25, 12);
  });

  it('goes around a peak, and two segments part a saddle', () => {
    const peak = Float64Array.of(0, 0, 0, 0, 4, 0, 0, 0, 0);
    expect(contour(peak, { columns: 3, rows: 3 }, 1)).toHaveLength(4);
    expect(contour(Float64Array.of(1, 0, 0, 1), { columns: 2, rows: 2 }, 0.5)).toHaveLength(2);
  });

  it('passes midway beside a value that is not finite', () => {
    const edge = Float64Array.of(0, Infinity, 0, Infinity);
    expect(contour(edge, { columns: 2, rows: 2 }, 5)).toEqual([
      [
        [0.5, 0],
        [0.5, 1],
      ],
    ]);
    expect(contour(edge, { columns: 2, rows: 2 }, -1)).toEqual([]);
  });
});
