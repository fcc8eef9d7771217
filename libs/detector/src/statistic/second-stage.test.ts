import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { NearestRows } from './nearest-rows.ts';
import { gatedRows, secondStage, type StageScorer } from './second-stage.ts';

/** Gaussian in two dimensions with unit variances and a correlation, and its exact derivatives. */
const RHO = 0.8;
const precision = 1 / (1 - RHO * RHO);
const gradientOf = (x: number, y: number): [number, number] => [-precision * (x - RHO * y), -precision * (y - RHO * x)];
const gaussian: StageScorer = {
  score: (rows, n) =>
    Promise.resolve(
      Float64Array.from({ length: n }, (_, i) => {
        const [x, y] = [rows[2 * i]!, rows[2 * i + 1]!];
        return -0.5 * precision * (x * x - 2 * RHO * x * y + y * y);
      }),
    ),
  latent: (rows) => Promise.resolve(rows),
  gradient: (rows, n) =>
    Promise.resolve(
      Float32Array.from(Array.from({ length: n }, (_, i) => gradientOf(rows[2 * i]!, rows[2 * i + 1]!)).flat()),
    ),
};
const parts = {
  scorer: gaussian,
  gradientScales: Float64Array.of(Math.sqrt(precision), Math.sqrt(precision)),
  history: new NearestRows(Float32Array.of(0, 0, 1, 1), 2),
  nearEnough: 0,
};

describe('secondStage', () => {
  it('has the largest latent, and the distance of the rows that are rare enough', async () => {
    const { extreme_latent, distant } = await secondStage(
      parts,
      Float32Array.of(1, -3, 4, 5),
      Float64Array.of(0.2, 0.01),
    );
    expect([...extreme_latent]).toEqual([3, 5]);
    expect([...distant]).toEqual([0, 5]);
  });

  it('gains about half the squared conditional deviation of the most extreme value', async () => {
    const random = new Random(1);
    for (let i = 0; i < 50; i++) {
      const [x, y] = [3 * random.normal(), random.normal()];
      const deviation = Math.max(Math.abs(x - RHO * y), Math.abs(y - RHO * x)) * Math.sqrt(precision);
      const { extreme_value } = await secondStage(parts, Float32Array.of(x, y), Float64Array.of(0.2));
      // Steps of 3/4 and 3/2 of the way gain 1 − 1/16 and 3/4 of it.
      expect(extreme_value[0]).toBeCloseTo((15 / 16) * 0.5 * deviation ** 2, 3);
    }
  });

  it('counts what has no number as nothing', async () => {
    const lost: StageScorer = {
      score: (_, n) => Promise.resolve(new Float64Array(n).fill(-Infinity)),
      latent: (rows) => Promise.resolve(rows.map(() => NaN)),
      gradient: (rows) => Promise.resolve(rows.map(() => NaN)),
    };
    const found = await secondStage({ ...parts, scorer: lost }, Float32Array.of(1, 2), Float64Array.of(0.01));
    expect([found.extreme_latent[0], found.extreme_value[0]]).toEqual([0, 0]);
  });

  it('takes the rows of few others by density', () => {
    expect([...gatedRows(Float64Array.of(0.9, 0.25, 0.26, 1e-12))]).toEqual([1, 3]);
  });
});
