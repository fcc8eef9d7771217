import { at, blocksOf, type Steps } from '@flowline/events';
import { outlierThresholdOfSorted } from '@flowline/flows';

import { quantileOfSorted, upperBound, valueAt } from '../sorted.ts';
import { type GeneralisedPareto, paretoQuantile } from './tail.ts';
import { logSurvival, truncatedPareto, type WeightedPareto } from './truncated-tail.ts';

/** Scores that normal rows cannot explain, and scores that stand for the normal rows among them. */
export interface OutlyingScores {
  /**
   * Score beyond which rows are left out; Infinity if there are no more of them than the tail of
   * the others predicts.
   */
  readonly cut: number;
  /** Scores that normal rows beyond the cut would have, as many as are expected, descending. */
  readonly replacements: Float64Array;
}

/**
 * Shares of the scores that the tails are fitted to: a wide window tells heavy tails, a narrow one
 * follows the end of a curved distribution.
 */
const WINDOWS = [0.5, 0.15] as const;
const MINIMUM_EXCEEDANCES = 20;
/** More exceedances, at even ranks, would make the posterior narrower than the model is true. */
const MAXIMUM_EXCEEDANCES = 2_000;
/** Fewer scores beyond a cut are too few to judge. */
const FEWEST = 3;
/** Deviations of a count from its expectation that a tail has to explain. */
const DEVIATIONS = 3;
/** Posterior probability of the tails that explain the counts below which none does. */
const LEAST_PROBABILITY = 0.01;
/** Posterior quantile of the scores that stand for normal rows. The bootstrap adds caution. */
const CAUTION = 0.5;

/** Fitted tail of the scores up to a cut. */
interface Window {
  readonly threshold: number;
  /** Scores up to the threshold, and from there to the cut. */
  readonly below: number;
  readonly exceedances: number;
  readonly width: number;
  readonly laws: readonly WeightedPareto[];
}

/**
 * Separates scores that may hold anomalies, in steps. The robust rule of training suspects the
 * scores beyond a cut. Most of them are normal where a history is clean: the rule cuts 1 to 9 % of
 * clean scores. So the tail of the scores up to the cut is fitted, as one that is observed up to
 * there only. If it explains the scores beyond, the cut moves outwards, until no score is beyond it
 * or some exceed what any plausible tail explains.
 * @param sorted scores, ascending.
 */
export function* outlyingScores(sorted: Float64Array): Steps<OutlyingScores> {
  const n = sorted.length;
  let cut = -outlierThresholdOfSorted(yield* mirrored(sorted));
  for (;;) {
    const beyond = n - upperBound(sorted, cut);
    if (beyond < FEWEST) return { cut: Infinity, replacements: new Float64Array(0) };
    const windows = yield* windowsUpTo(sorted, cut);
    if (windows.length === 0) return { cut, replacements: new Float64Array(0) };
    if (!windows.some((window) => explains(window, sorted, cut))) {
      return { cut, replacements: replacementsOf(at(windows, windows.length - 1), sorted, cut) };
    }
    cut = valueAt(sorted, n - Math.max(1, beyond >> 1));
  }
}

/** Values of the other sign, which ascend as the given ones do. */
function* mirrored(sorted: Float64Array): Steps<Float64Array> {
  const last = sorted.length - 1;
  const values = new Float64Array(sorted.length);
  for (const [start, end] of blocksOf(sorted.length)) {
    for (let i = start; i < end; i++) values[last - i] = -valueAt(sorted, i);
    yield;
  }
  return values;
}

function* windowsUpTo(sorted: Float64Array, cut: number): Steps<readonly Window[]> {
  const kept = sorted.subarray(0, upperBound(sorted, cut));
  const windows: Window[] = [];
  for (const share of WINDOWS) {
    const threshold = quantileOfSorted(kept, 1 - share);
    const below = upperBound(kept, threshold);
    const exceedances = kept.length - below;
    const width = cut - threshold;
    if (exceedances < MINIMUM_EXCEEDANCES || !(width > 0)) continue;
    const step = Math.max(1, exceedances / MAXIMUM_EXCEEDANCES);
    const sample = Float64Array.from(
      { length: Math.floor(exceedances / step) },
      (_, i) => valueAt(kept, below + Math.floor((i + 0.5) * step)) - threshold,
    );
    windows.push({ threshold, below, exceedances, width, laws: yield* truncatedPareto(sample, width) });
  }
  return windows;
}

/**
 * True if the tails that explain the counts of scores beyond the cut, and ever further out, are
 * plausible.
 */
function explains(window: Window, sorted: Float64Array, cut: number): boolean {
  const n = sorted.length;
  const counts: { readonly score: number; readonly count: number }[] = [];
  for (let count = n - upperBound(sorted, cut); count >= FEWEST; count >>= 1) {
    counts.push({ score: counts.length === 0 ? cut : valueAt(sorted, n - count - 1), count });
  }
  const probability = window.laws.reduce((sum, law) => {
    const normal = normalExceedances(window, law);
    const isExplained = counts.every(({ score, count }) => {
      const expected = normal * Math.exp(logSurvival(law, score - window.threshold));
      return count <= expected + DEVIATIONS * Math.sqrt(expected) + 1;
    });
    return isExplained ? sum + law.weight : sum;
  }, 0);
  return probability >= LEAST_PROBABILITY;
}

/** Normal scores above the threshold of a window, those beyond the cut included. */
function normalExceedances({ exceedances, width }: Window, law: GeneralisedPareto): number {
  return exceedances / -Math.expm1(logSurvival(law, width));
}

/**
 * Scores of the normal rows beyond a cut, by the narrow window's tail: no more of them, and none
 * further out, than there are rows.
 */
function replacementsOf(window: Window, sorted: Float64Array, cut: number): Float64Array {
  const found: number[] = [];
  const n = sorted.length;
  const beyond = n - upperBound(sorted, cut);
  while (found.length < beyond) {
    const score = Math.min(scoreOfRank(window, found.length + 0.5), valueAt(sorted, n - 1 - found.length));
    if (score <= cut) break;
    found.push(score);
  }
  return Float64Array.from(found);
}

/** Score that `rank` normal scores exceed: the {@link CAUTION} quantile over the tails. */
function scoreOfRank(window: Window, rank: number): number {
  const scores = window.laws
    .map((law) => ({ score: paretoQuantile(law, Math.min(0, Math.log(rank / normalExceedances(window, law)))), law }))
    .sort((a, b) => a.score - b.score);
  let sum = 0;
  const found = scores.find(({ law }) => (sum += law.weight) >= CAUTION) ?? scores.at(-1);
  return window.threshold + (found?.score ?? 0);
}
