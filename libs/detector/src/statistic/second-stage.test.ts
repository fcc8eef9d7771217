import { describe, expect, it } from '@jest/globals';

import { NearestRows } from './nearest-rows.ts';
import { gatedRows, secondStage, type StageRows, type StageScorer } from './second-stage.ts';

const scorer: StageScorer = { latent: (rows) => Promise.resolve(rows) };
const parts = {
  scorer,
  // The second value follows the first, at a conditional standard deviation of 1/2.
  linear: { means: Float64Array.of(0, 0), weights: Float64Array.of(0, 0, -2, 2) },
  history: new NearestRows(Float32Array.of(0, 0, 1, 1), 2),
  nearEnough: 0,
};
const rowsOf = (...values: number[]): StageRows => ({
  rows: Float32Array.from(values),
  fallBeyondRange: new Float64Array(values.length / 2),
});

describe('secondStage', () => {
  it('has the largest latent, and the distance of the rows that are rare enough', async () => {
    const { extreme_latent, distant } = await secondStage(parts, rowsOf(1, -3, 4, 5), Float64Array.of(0.2, 0.01));
    expect([...extreme_latent]).toEqual([3, 5]);
    expect([...distant]).toEqual([0, 5]);
  });

  it('has the largest deviation of a value given the others, and of the range that they were seen in', async () => {
    const within = rowsOf(1, -3, 4, 5);
    const beyond = { ...within, fallBeyondRange: Float64Array.of(0, 16) };
    const pValues = Float64Array.of(0.2, 0.01);
    expect([...(await secondStage(parts, within, pValues)).extreme_value]).toEqual([8, 2]);
    expect([...(await secondStage(parts, beyond, pValues)).extreme_value]).toEqual([8, 6]);
  });

  it('counts what has no number as nothing', async () => {
    const lost: StageScorer = { latent: (rows) => Promise.resolve(rows.map(() => NaN)) };
    const { extreme_latent } = await secondStage({ ...parts, scorer: lost }, rowsOf(1, 2), Float64Array.of(0.01));
    expect([...extreme_latent]).toEqual([0]);
  });

  it('takes the rows of few others by density', () => {
    expect([...gatedRows(Float64Array.of(0.9, 0.25, 0.26, 1e-12))]).toEqual([1, 3]);
  });
});
