import { toleranceOf } from '@flowline/engine';
import { atOnce, blocksOf, FlowlineError, type PValueMethod, type Steps } from '@flowline/events';
import { sortNumbers } from '@flowline/features';
import { betaCdf } from './beta.ts';
import { minimumRows } from '../minimum-rows.ts';
import { lowerBound, partition, quantileOfSorted, upperBound, valueAt } from '../sorted.ts';
import { bootstrapTailSteps, exceedanceAt, type BootstrappedTail, type UniformSource } from './tail.ts';

/** Smallest p-value. Below it, the tail would be extrapolated beyond all evidence. */
export const smallestPValue = 1e-12;
/** Recommended number of calibration rows. With fewer, training warns. */
export const advisedCalibrationRows = 5_000;

const TAIL_SHARE = 0.05;
const CONFIDENCE = 0.9;
const MAXIMUM_POINTS = 20_000;
const FAR_SPANS = 10;
/** From one knot of the tail to the next, log p falls by about 0.06 nats. */
const TAIL_STEPS = 400;

/** Monotone map from scores to p-values, fitted to the scores of calibration rows. */
export interface Calibration {
  /** Number of calibration rows. */
  readonly rows: number;
  /**
   * Calibration scores, ascending: all of them, or evenly ranked ones if there are more than
   * 20,000.
   */
  readonly scores: Float64Array;
  /** p-value of a score equal to scores[i]. Between two scores, the larger p-value applies. */
  readonly pValues: Float64Array;
  /**
   * Fitted tail. Null if the scores have no tail to fit (under 400 rows, or too many ties): then p
   * is 1/(rows + 1) beyond all scores, and the smallest p-value far beyond them.
   */
  readonly tail: CalibratedTail | null;
}

/**
 * Tail of a calibration. Above the first knot, log p is piecewise linear in the score, down to
 * {@link smallestPValue}.
 */
export interface CalibratedTail extends BootstrappedTail {
  /** Scores, ascending. The first is the 95 % quantile of the calibration scores. */
  readonly knots: Float64Array;
  /** log p at each knot, descending. */
  readonly logP: Float64Array;
}

/** p-value, and the method it was computed by. */
export interface PValue {
  readonly p: number;
  readonly method: PValueMethod;
}

/**
 * Fits p-values to calibration scores s = −log p(x). A larger score is more surprising. The rows
 * must not have been used for training or model selection.
 *
 * Up to the 95 % quantile, p is conformal: p = (1 + #{scores ≥ s})/(n + 1) (Vovk, Gammerman, Shafer
 * 2005). Above it, p is the share of scores above the quantile times the survival function of the
 * tail: its pointwise 90 % quantile over a parametric bootstrap of a generalised Pareto
 * distribution, kept within the 90 % confidence bounds from counting exceedances (Clopper and
 * Pearson 1934).
 *
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL for fewer rows than {@link minimumRows},
 * FLOWLINE_TRAINING_FAILED for a score that is not finite.
 */
export const fitCalibration = (calibrationScores: Float64Array, random: UniformSource): Calibration =>
  atOnce(fitCalibrationSteps(calibrationScores, random));

/** {@link fitCalibration} in steps. */
export function* fitCalibrationSteps(
  calibrationScores: Float64Array,
  random: UniformSource,
  leastRows: number = minimumRows.calibration,
): Steps<Calibration> {
  const n = calibrationScores.length;
  if (n < leastRows) {
    throw new FlowlineError(
      'FLOWLINE_HISTORY_TOO_SMALL',
      `${n} rows are left to calibrate on; at least ${leastRows} are needed`,
      { where: 'calibration', remedy: 'widen history.lookback, or raise model.calibration.fraction' },
    );
  }
  const bad = yield* firstNotFinite(calibrationScores);
  if (bad >= 0) {
    throw new FlowlineError('FLOWLINE_TRAINING_FAILED', `calibration row ${bad} has no finite log density`, {
      where: 'calibration',
      remedy: 'look for absurd values in that row, or declare its scale (log, asinh, positive)',
    });
  }
  const sorted = yield* sortNumbers(calibrationScores.slice());
  return { rows: n, ...bulkOf(sorted), tail: yield* tailOf(sorted, random) };
}

/** Index of the first score that is not finite; −1 if all are. */
function* firstNotFinite(scores: Float64Array): Steps<number> {
  for (const [start, end] of blocksOf(scores.length)) {
    for (let row = start; row < end; row++) if (!Number.isFinite(scores[row])) return row;
    yield;
  }
  return -1;
}

/**
 * p-value of a score. Scores carry the rounding error of the backend that computed them, so a score
 * counts as tied with those up to {@link rounding} below it, and a group of equal rows keeps its
 * mass on every backend. The p-value never rises with the score. It is {@link smallestPValue} for
 * Infinity and NaN, and without a fitted tail also for scores {@link farBeyond} every calibration
 * score. O(log n).
 */
export function pValueOf(calibration: Calibration, score: number): PValue {
  if (!(score < Infinity)) return { p: smallestPValue, method: 'floor' };
  const { tail, scores, pValues, rows } = calibration;
  const least = score - rounding(score);
  if (tail !== null && least > valueAt(tail.knots, 0)) return tailPValue(tail, least);
  const i = lowerBound(scores, least);
  if (i < scores.length) return { p: valueAt(pValues, i), method: 'empirical' };
  if (tail === null && least > farBeyond(scores)) return { p: smallestPValue, method: 'floor' };
  return { p: 1 / (rows + 1), method: 'empirical' };
}

/**
 * Maximum difference between two computations of the same score, in nats: each is within the
 * engine's tolerance of the exact value.
 */
function rounding(score: number): number {
  return 2 * toleranceOf(score);
}

/**
 * Score beyond which an event resembles no calibration row, under any distribution. It exceeds the
 * 99 % quantile of the scores by log 10¹² nats, or by ten times the range of their middle 98 % if
 * that is more. A single absurd row moves neither.
 */
export function farBeyond(sortedScores: Float64Array): number {
  const [least, most] = [quantileOfSorted(sortedScores, 0.01), quantileOfSorted(sortedScores, 0.99)];
  return most + Math.max(-Math.log(smallestPValue), FAR_SPANS * (most - least));
}

/** Score at which the p-value of a tail is `p`, the inverse of {@link pValueOf} there. */
export function tailScoreAt({ knots, logP }: CalibratedTail, p: number): number {
  const level = Math.log(p);
  const j = Math.min(
    logP.length - 1,
    Math.max(
      1,
      partition(logP.length, (i) => valueAt(logP, i) > level),
    ),
  );
  const share = (level - valueAt(logP, j - 1)) / (valueAt(logP, j) - valueAt(logP, j - 1));
  return valueAt(knots, j - 1) + Math.min(1, Math.max(0, share)) * (valueAt(knots, j) - valueAt(knots, j - 1));
}

function tailPValue({ knots, logP }: CalibratedTail, score: number): PValue {
  const j = lowerBound(knots, score);
  if (j === knots.length) return { p: smallestPValue, method: 'floor' };
  const [from, to] = [valueAt(knots, j - 1), valueAt(knots, j)];
  const [logFrom, logTo] = [valueAt(logP, j - 1), valueAt(logP, j)];
  const p = Math.exp(logFrom + (logTo - logFrom) * ((score - from) / (to - from)));
  return p <= smallestPValue ? { p: smallestPValue, method: 'floor' } : { p, method: 'tail' };
}

function bulkOf(sorted: Float64Array): Pick<Calibration, 'scores' | 'pValues'> {
  const n = sorted.length;
  const points = Math.min(n, MAXIMUM_POINTS);
  const scores = new Float64Array(points);
  const pValues = new Float64Array(points);
  let below = 0;
  for (let j = 0; j < points; j++) {
    const rank = Math.round((j * (n - 1)) / (points - 1));
    const score = valueAt(sorted, rank);
    // For any score above the last stored point, at least the rows up to that point are below it.
    pValues[j] = j > 0 && score === scores[j - 1] ? valueAt(pValues, j - 1) : (1 + n - below) / (n + 1);
    scores[j] = score;
    below = rank + 1;
  }
  return { scores, pValues };
}

function* tailOf(sorted: Float64Array, random: UniformSource): Steps<CalibratedTail | null> {
  const n = sorted.length;
  const threshold = quantileOfSorted(sorted, 1 - TAIL_SHARE);
  const exceedances = sorted.subarray(upperBound(sorted, threshold)).map((score) => score - threshold);
  const tail = yield* bootstrapTailSteps(exceedances, random);
  if (tail === null) return null;
  const logShare = Math.log((1 + exceedances.length) / (n + 1));
  const knots = new Float64Array(TAIL_STEPS + 1).fill(threshold);
  const logP = new Float64Array(TAIL_STEPS + 1).fill(logShare);
  const withinCounts = countBounds(sorted);
  for (let j = 1; j <= TAIL_STEPS; j++) {
    const level = logShare + ((Math.log(smallestPValue) - logShare) * j) / TAIL_STEPS;
    const fitted = threshold + exceedanceAt(tail, level - logShare, CONFIDENCE);
    logP[j] = level;
    knots[j] = Math.max(valueAt(knots, j - 1), withinCounts(fitted, Math.exp(level)));
    yield;
  }
  return { ...tail, knots, logP };
}

/**
 * Bounds the score of a tail probability p, for falling p, by the evidence of counts alone. If c of
 * n calibration scores are larger, the rate is at most the 90 % quantile of Beta(c + 1, n − c), and
 * at least the 10 % quantile of Beta(c, n + 1 − c), each with 90 % confidence. A few absurd
 * calibration scores, which no distribution fits, can then neither hide the rest nor be ignored.
 */
function countBounds(sorted: Float64Array): (score: number, p: number) => number {
  const n = sorted.length;
  let fewEnough = n;
  let notTooMany = n;
  return (score, p) => {
    // Both counts fall with p, so that the previous counts bound the search.
    fewEnough = partition(fewEnough, (count) => betaCdf(p, count + 1, n - count) >= CONFIDENCE);
    notTooMany = partition(notTooMany, (count) => count === 0 || betaCdf(p, count, n + 1 - count) >= 1 - CONFIDENCE);
    const most = fewEnough === 0 ? Infinity : valueAt(sorted, n - fewEnough);
    return Math.min(most, Math.max(score, valueAt(sorted, n - notTooMany)));
  };
}
