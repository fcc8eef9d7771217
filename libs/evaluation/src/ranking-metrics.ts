import { at } from '@flowline/events';

/** Quality of a ranking of labelled rows. */
export interface RankingMetrics {
  /** Probability that an anomaly ranks above a normal row; equal scores count half. */
  readonly auroc: number;
  /**
   * Σ (recall_n − recall_{n−1}) · precision_n over the thresholds, as scikit-learn has it: no
   * interpolation, and rows of equal scores enter together.
   */
  readonly averagePrecision: number;
  /** Largest share of anomalies above a threshold that at most 1 % of the normal rows exceed. */
  readonly recallAt1Percent: number;
}

/** Share of false alarms at which recall is measured. */
const FALSE_ALARMS = 0.01;

/**
 * Measures a ranking.
 * @param scores larger is more anomalous; NaN ranks highest, since nothing is known of such a row.
 * @param labels 1 for an anomaly. Both labels must occur.
 */
export function rankingMetrics(scores: Float64Array, labels: Uint8Array): RankingMetrics {
  const values = scores.map((score) => (Number.isNaN(score) ? Infinity : score));
  const order = Array.from(values.keys()).sort((a, b) => descending(at(values, a), at(values, b)));
  const anomalies = labels.reduce((sum, label) => sum + label, 0);
  const normal = labels.length - anomalies;
  const found = { anomalies: 0, normal: 0, auroc: 0, averagePrecision: 0, recallAt1Percent: 0 };
  for (let start = 0; start < order.length;) {
    const score = at(values, at(order, start));
    let end = start;
    let anomaliesHere = 0;
    for (; end < order.length && at(values, at(order, end)) === score; end++)
      anomaliesHere += at(labels, at(order, end));
    const normalHere = end - start - anomaliesHere;
    // Anomalies of this score rank above all normal rows that follow, and halfway among these.
    found.auroc += anomaliesHere * (normal - found.normal - normalHere / 2);
    found.anomalies += anomaliesHere;
    found.normal += normalHere;
    found.averagePrecision += (anomaliesHere / anomalies) * (found.anomalies / (found.anomalies + found.normal));
    if (found.normal <= FALSE_ALARMS * normal) found.recallAt1Percent = found.anomalies / anomalies;
    start = end;
  }
  const { auroc, averagePrecision, recallAt1Percent } = found;
  return { auroc: auroc / (anomalies * normal), averagePrecision, recallAt1Percent };
}

const descending = (a: number, b: number): number => (a === b ? 0 : a > b ? -1 : 1);
