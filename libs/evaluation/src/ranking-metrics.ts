import { rankingSteps } from './ranking-steps.ts';

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
  const anomalies = labels.reduce((sum, label) => sum + label, 0);
  const normal = labels.length - anomalies;
  const found = { auroc: 0, averagePrecision: 0, recallAt1Percent: 0 };
  for (const step of rankingSteps(scores, labels)) {
    // Anomalies of this score rank above all normal rows that follow, and halfway among these.
    found.auroc += step.anomaliesHere * (normal - step.normal + step.normalHere / 2);
    found.averagePrecision += (step.anomaliesHere / anomalies) * (step.anomalies / (step.anomalies + step.normal));
    if (step.normal <= FALSE_ALARMS * normal) found.recallAt1Percent = step.anomalies / anomalies;
  }
  return { ...found, auroc: found.auroc / (anomalies * normal) };
}
