import { testComponents } from '@flowline/events';
import type { EncodedBatch } from '@flowline/features';

import { type CalibrationSet, lackingNats } from '../calibration/calibration-set.ts';
import { quantileOfSorted, valueAt } from '../sorted.ts';
import { beyondAll, type ComparedRows, type DecidingScores } from './decided-rows.ts';
import type { IsolationForest } from './isolation-forest.ts';
import type { NearestRows } from './nearest-rows.ts';

/** Median of scores, and the way from there to their third quartile. */
export interface Spread {
  readonly median: number;
  readonly quarter: number;
}

/** Measure of how far a row lies from the rows of the history. */
export type RemotenessMeasure =
  /** Distance to the nearest of them. */
  | { readonly kind: 'distance'; readonly history: NearestRows }
  /** Isolation by random cuts. */
  | { readonly kind: 'isolation'; readonly forest: IsolationForest };

/** Remoteness of rows; those with no more than `usual` are level. */
export type Remoteness = RemotenessMeasure & { readonly usual: number };

/**
 * Outlying statistic: from an event to s = u(−log p) + u(remoteness), where u(x) = ±log(1 + |z|)
 * and z = (x − median) / (Q3 − median) of calibration rows. It is a score like −log p, which the
 * calibration of the model turns into a p-value.
 */
export interface OutlyingStatistic {
  readonly test: 'outlying';
  readonly density: Spread;
  readonly remote: Spread;
  readonly remoteness: Remoteness;
  /** Mean log density of each feature, which takes its place in a row that lacks it. */
  readonly missingNats: CalibrationSet['missingNats'];
  /** −log p from which on remoteness is measured: that of all other rows is usual. */
  readonly gate: number;
  /** −log p beyond which an event resembles no calibration row: its density alone decides. */
  readonly beyond: number;
}

/** Spread of scores; of equal ones, and of none, one that tells them apart from all others. */
export function spreadOf(scores: Float64Array): Spread {
  return spreadOfSorted(scores.filter(Number.isFinite).sort());
}

/** {@link spreadOf} of finite scores, ascending. */
export function spreadOfSorted(sorted: Float64Array): Spread {
  if (sorted.length === 0) return { median: 0, quarter: 1 };
  const median = quantileOfSorted(sorted, 0.5);
  const quarter = quantileOfSorted(sorted, 0.75) - median;
  return { median, quarter: quarter > 0 ? quarter : LEAST_QUARTER * Math.max(1, Math.abs(median)) };
}

const LEAST_QUARTER = 1e-6;
/** ±log(1 + |z|) of a score by its spread: extreme scores of one kind do not drown the other. */
export function squashed({ median, quarter }: Spread, score: number): number {
  const z = (score - median) / quarter;
  return Math.sign(z) * Math.log1p(Math.abs(z));
}

/**
 * Remoteness of row `index` of encoded rows [n × width].
 * @param isOwn true if distances are measured from the row, too: its own does not count.
 */
export function remotenessOf(remoteness: Remoteness, rows: Float32Array, index: number, isOwn = false): number {
  const { usual } = remoteness;
  return remoteness.kind === 'distance'
    ? remoteness.history.distance(rows, index, usual, isOwn)
    : Math.max(usual, remoteness.forest.isolation(rows, index));
}

/** −log p of rows, with the mean log density of each feature that they lack in its place. */
export function comparableScores(
  missingNats: CalibrationSet['missingNats'],
  logDensityNats: Float64Array,
  { missingPattern, traits, start }: ComparedRows,
): Float64Array {
  return logDensityNats.map((logP, row) =>
    valueAt(missingPattern, row) === 0 ? -logP : -logP - lackingNats(missingNats, traits.missing(start + row)),
  );
}

/**
 * Computes the outlying scores of encoded rows. A row without a density has the score Infinity.
 * `raisedBy` names low density, or distance where that is the larger of the two.
 * @param own 1 for each row that distances are measured from; default none.
 */
export function outlyingScores(
  statistic: OutlyingStatistic,
  { rows }: Pick<EncodedBatch, 'rows'>,
  logDensityNats: Float64Array,
  compared: ComparedRows,
  own: Uint8Array | null = null,
): Required<DecidingScores> {
  const { density, remote, remoteness, missingNats, gate, beyond } = statistic;
  const raisedBy = new Uint8Array(logDensityNats.length);
  const scores = comparableScores(missingNats, logDensityNats, compared).map((score, row) => {
    if (score === Infinity) return score;
    const rarity = squashed(density, score);
    const isOwn = own?.[row] === 1;
    const far = squashed(remote, score < gate ? remoteness.usual : remotenessOf(remoteness, rows, row, isOwn));
    if (far > rarity && score >= gate) raisedBy[row] = DISTANT;
    return rarity + far + (score > beyond ? beyondAll : 0);
  });
  return { scores, raisedBy };
}

const DISTANT = testComponents.indexOf('distant');
