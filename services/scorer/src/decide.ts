import type { ScoredEvents } from './score.ts';

/** A batch with the rows that are anomalies. */
export interface DecidedEvents extends ScoredEvents {
  readonly anomalousRows: readonly number[];
}

/** Anomaly ⇔ p ≤ α, and nothing else. */
export function decide(batch: ScoredEvents): DecidedEvents {
  const { alpha } = batch.lease.model.detector;
  const anomalousRows: number[] = [];
  batch.scores.pValues.forEach((p, row) => {
    if (p <= alpha) anomalousRows.push(row);
  });
  return { ...batch, anomalousRows };
}
