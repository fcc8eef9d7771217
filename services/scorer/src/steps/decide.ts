import { isAnomalous } from '@flowline/detector';

import type { ScoredEvents } from './score.ts';

/** A batch with the row indices of its anomalies. */
export interface DecidedEvents extends ScoredEvents {
  readonly anomalousRows: readonly number[];
}

/** Marks anomalies. A row is an anomaly exactly when p ≤ α. */
export function decide(batch: ScoredEvents): DecidedEvents {
  const { alpha } = batch.lease.model.detector;
  const anomalousRows: number[] = [];
  batch.scores.pValues.forEach((p, row) => {
    if (isAnomalous(p, alpha)) anomalousRows.push(row);
  });
  return { ...batch, anomalousRows };
}
