import { describe, expect, it } from '@jest/globals';

import { rankingMetrics } from './ranking-metrics.ts';

const metrics = (scores: readonly number[], labels: readonly number[]) =>
  rankingMetrics(Float64Array.from(scores), Uint8Array.from(labels));

describe('rankingMetrics', () => {
  it('counts ties half, and average precision as scikit-learn does', () => {
    const scores = [0.1, 0.4, 0.4, 0.35, 0.8, 0.1, 0.2, 0.8];
    // roc_auc_score and average_precision_score of scikit-learn 1.7.
    expect(metrics(scores, [0, 1, 0, 1, 1, 0, 0, 1])).toMatchObject({ auroc: 0.90625, averagePrecision: 0.8875 });
  });

  it('is 1 for a perfect ranking, and ½ where all scores are equal', () => {
    expect(metrics([3, 2, 1, 0], [1, 1, 0, 0])).toEqual({ auroc: 1, averagePrecision: 1, recallAt1Percent: 1 });
    expect(metrics([7, 7, 7, 7], [1, 1, 0, 0])).toEqual({ auroc: 0.5, averagePrecision: 0.5, recallAt1Percent: 0 });
  });

  it('recalls at a threshold that at most 1 % of the normal rows exceed', () => {
    const normal = Array.from({ length: 200 }, (_, i) => i);
    // Two of 200 normal rows (198, 199) may rank above the threshold; 197 is the third.
    const anomalies = [300, 198.5, 197.5, 196.5, 0.5];
    const labels = [...normal.map(() => 0), ...anomalies.map(() => 1)];
    expect(metrics([...normal, ...anomalies], labels).recallAt1Percent).toBe(0.6);
    // An anomaly that ties with the third enters with it.
    expect(metrics([...normal, 300, 198.5, 197, 196.5, 0.5], labels).recallAt1Percent).toBe(0.4);
  });

  it('ranks rows without a score, and infinite ones, highest', () => {
    expect(metrics([NaN, 1, Infinity, 0], [1, 0, 1, 0])).toMatchObject({ auroc: 1 });
  });
});
