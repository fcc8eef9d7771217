import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import type { ComparedRows } from './decided-rows.ts';
import { NearestRows } from './nearest-rows.ts';
import { outlyingScores, type OutlyingStatistic, spreadOf, squashed } from './outlying.ts';

const compared = (size: number, missing: ReadonlyMap<number, readonly string[]> = new Map()): ComparedRows => ({
  missingPattern: Int32Array.from({ length: size }, (_, row) => (missing.has(row) ? 1 : 0)),
  traits: { level: () => null, missing: (row) => missing.get(row) ?? [] },
  start: 0,
});

const statistic: OutlyingStatistic = {
  test: 'outlying',
  density: { median: 2, quarter: 0.5 },
  remote: { median: 1, quarter: 0.5 },
  remoteness: { kind: 'distance', history: new NearestRows(Float32Array.of(0, 10), 1), usual: 0.25 },
  missingNats: { b: -1 },
  gate: 3,
  beyond: 50,
};
const scoresOf = (x: readonly number[], logP: readonly number[], missing = new Map<number, readonly string[]>()) =>
  outlyingScores(statistic, { rows: Float32Array.from(x) }, Float64Array.from(logP), compared(x.length, missing));

describe('the outlying statistic', () => {
  it('is u(−log p) + u(distance) beyond the gate, and takes all other rows to be near', () => {
    const u = (z: number) => Math.sign(z) * Math.log(1 + Math.abs(z));
    const { scores } = scoresOf([13, 13, 0.1], [-4, -2.9, -4]);
    expect(scores[0]).toBeCloseTo(u((4 - 2) / 0.5) + u((3 - 1) / 0.5), 12);
    expect(scores[1]).toBeCloseTo(u((2.9 - 2) / 0.5) + u((0.25 - 1) / 0.5), 12);
    // Nearer than what counts as near.
    expect(scores[2]).toBeCloseTo(u((4 - 2) / 0.5) + u((0.25 - 1) / 0.5), 12);
  });

  it('names the larger of the two, and low density for a row without a density', () => {
    const { scores, raisedBy } = scoresOf([30, 10.5, 30], [-3.1, -9, -Infinity]);
    expect([...raisedBy]).toEqual([4, 0, 0]);
    expect(scores[2]).toBe(Infinity);
  });

  it('leaves what is beyond every calibration row to its density', () => {
    const { scores } = scoresOf([0, 0, 0], [-49, -51, -1e6]);
    expect(scores[0]).toBeLessThan(10);
    expect(scores[1]).toBeGreaterThan(1_000);
    expect(scores[2]).toBeGreaterThan(scores[1]!);
  });

  it('puts the mean log density of a feature in the place of a missing one', () => {
    const { scores } = scoresOf([0, 0], [-4, -3], new Map([[1, ['b']]]));
    expect(scores[1]).toBe(scores[0]);
  });

  it('leaves a row out of its own distance', () => {
    const own = outlyingScores(
      ...([statistic, { rows: Float32Array.of(10) }, Float64Array.of(-4), compared(1)] as const),
      Uint8Array.of(1),
    );
    expect(own.scores[0]).toBe(scoresOf([20], [-4]).scores[0]);
  });

  it('has spreads that a few absurd scores do not move', () => {
    const random = new Random(1);
    const scores = Float64Array.from({ length: 4_000 }, () => random.normal());
    const { median, quarter } = spreadOf(scores);
    expect(median).toBeCloseTo(0, 1);
    expect(quarter).toBeCloseTo(0.674, 1);
    const absurd = spreadOf(Float64Array.from([...scores, 1e300, Infinity, -Infinity, NaN]));
    expect(absurd.quarter).toBeCloseTo(quarter, 2);
    expect(spreadOf(new Float64Array(0))).toEqual({ median: 0, quarter: 1 });
    // Of equal scores, any other is far.
    expect(squashed(spreadOf(new Float64Array(9).fill(5)), 5)).toBe(0);
    expect(squashed(spreadOf(new Float64Array(9).fill(5)), 5.1)).toBeGreaterThan(5);
  });
});
