import { describe, expect, it } from '@jest/globals';

import { rankingCurves } from './ranking-curves.ts';

const curves = (scores: readonly number[], labels: readonly number[]) =>
  rankingCurves(Float64Array.from(scores), Uint8Array.from(labels));

describe('rankingCurves', () => {
  it('has one point per threshold; rows of equal scores enter together', () => {
    const { roc, precision } = curves([4, 3, 3, 1], [1, 0, 1, 0]);
    expect(roc).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0.5 },
      { x: 0.5, y: 1 },
      { x: 1, y: 1 },
    ]);
    expect(precision).toEqual([
      { x: 0, y: 1 },
      { x: 0.5, y: 1 },
      { x: 1, y: 2 / 3 },
      { x: 1, y: 0.5 },
    ]);
  });

  it('takes a row without a score for the most anomalous one', () => {
    expect(curves([1, NaN], [0, 1]).roc).toContainEqual({ x: 0, y: 1 });
  });

  it('keeps some hundred points of many, both ends and the area under them', () => {
    const scores = Array.from({ length: 20_000 }, (_, i) => i);
    const { roc, precision } = curves(
      scores,
      scores.map((i) => (i % 2 === 0 && i % 4 < 2 ? 1 : 0)),
    );
    expect(roc.length).toBeLessThan(500);
    expect(precision.length).toBeLessThan(1_000);
    expect([roc.at(0), roc.at(-1), precision.at(-1)?.x]).toEqual([{ x: 0, y: 0 }, { x: 1, y: 1 }, 1]);
    const area = roc.slice(1).reduce((sum, { x, y }, i) => {
      const before = roc.at(i) ?? { x: NaN, y: NaN };
      return sum + ((x - before.x) * (y + before.y)) / 2;
    }, 0);
    expect(area).toBeCloseTo(0.5, 2);
  });
});
