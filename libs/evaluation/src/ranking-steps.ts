import { at } from '@flowline/events';

/** Rows of one score, and all rows that rank above them. */
export interface RankingStep {
  /** Rows of this score, by label. */
  readonly anomaliesHere: number;
  readonly normalHere: number;
  /** Rows of this score or a higher one, by label. */
  readonly anomalies: number;
  readonly normal: number;
}

/**
 * Steps of a ranking, one per different score, the most anomalous first.
 * @param scores larger is more anomalous; NaN ranks highest, since nothing is known of such a row.
 * @param labels 1 for an anomaly.
 */
export function rankingSteps(scores: Float64Array, labels: Uint8Array): readonly RankingStep[] {
  const values = scores.map((score) => (Number.isNaN(score) ? Infinity : score));
  const order = Array.from(values.keys()).sort((a, b) => descending(at(values, a), at(values, b)));
  const steps: RankingStep[] = [];
  let [anomalies, normal] = [0, 0];
  for (let start = 0; start < order.length;) {
    const score = at(values, at(order, start));
    let end = start;
    let anomaliesHere = 0;
    for (; end < order.length && at(values, at(order, end)) === score; end++)
      anomaliesHere += at(labels, at(order, end));
    const normalHere = end - start - anomaliesHere;
    anomalies += anomaliesHere;
    normal += normalHere;
    steps.push({ anomaliesHere, normalHere, anomalies, normal });
    start = end;
  }
  return steps;
}

const descending = (a: number, b: number): number => (a === b ? 0 : a > b ? -1 : 1);
