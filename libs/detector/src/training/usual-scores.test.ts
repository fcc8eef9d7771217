import { at, atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { type ScoredRows, usualScores } from './usual-scores.ts';

const ROWS = 150_000;
const PATTERNS = 2;
/** Rows of zero density, and stray ones. */
const [ZERO, STRAY] = [1_000, 70_000];

/** Scored rows of two missing patterns, the second of which lacks a feature of half a nat. */
function scoredRows(outliers: number): ScoredRows {
  const random = new Random(7);
  const missingPattern = Int32Array.from({ length: ROWS }, (_, row) => row % PATTERNS);
  const logDensityNats = Float64Array.from({ length: ROWS }, (_, row) => {
    if (row === ZERO) return -Infinity;
    return (row < outliers ? -90 : 0) + Math.log(random.uniform()) - 0.5 * (row % PATTERNS);
  });
  const stray = new Uint8Array(ROWS);
  stray[STRAY] = 1;
  return {
    ...{ logDensityNats, missingPattern, stray, contexts: 0, missingNats: { gap: 0.5 } },
    logLevels: Float64Array.from({ length: ROWS }, (_, row) => -0.01 * (row % 3)),
    traits: { level: () => null, missing: (row) => (row % PATTERNS === 0 ? [] : ['gap']) },
  };
}

describe('usual scores', () => {
  it('are those of all rows with a density that are not stray, in their order and by group', () => {
    const rows = scoredRows(0);
    const usual = atOnce(usualScores(rows, false));
    const kept = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row !== ZERO && row !== STRAY);
    expect(usual.groups.map(({ pattern }) => pattern)).toEqual([0, 1]);
    expect(usual.scores).toEqual(Float64Array.from(kept, (row) => -at(rows.logDensityNats, row)));
    expect(usual.comparable).toEqual(
      Float64Array.from(kept, (row) => -at(rows.logDensityNats, row) - 0.5 * (row % PATTERNS)),
    );
    expect(usual.groupOf).toEqual(Int32Array.from(kept, (row) => row % PATTERNS));
  });

  it('are found in steps of some ten thousand rows each', () => {
    const steps = usualScores(scoredRows(0), false);
    let count = 0;
    while (steps.next().done !== true) count++;
    // At least a pass each for densities, groups, their rows, comparable scores, cuts and copies.
    expect(count).toBeGreaterThanOrEqual(6 * Math.ceil(ROWS / 65_536));
  });

  it('leave out what no tail explains, and have scores of their groups in its place', () => {
    const outliers = 2_000;
    const rows = scoredRows(outliers);
    const { scores, comparable, groupOf } = atOnce(usualScores(rows, true));
    expect(scores.reduce((most, score) => Math.max(most, score), -Infinity)).toBeLessThan(80);
    expect(Math.abs(scores.length - (ROWS - outliers))).toBeLessThan(400);
    const lacking = scores.map((score, i) => score - at(comparable, i) - 0.5 * at(groupOf, i));
    expect(lacking.reduce((most, each) => Math.max(most, Math.abs(each)), 0)).toBeLessThan(1e-9);
  });
});
