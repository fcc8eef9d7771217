import { at, type BatchDiscoveries, isAnomalous } from '@flowline/events';

import type { PartitionDiscoveries } from '../discoveries/partition-discoveries.ts';
import type { ScoredEvents } from './score.ts';

/** A batch with the row indices of its anomalies. */
export interface DecidedEvents extends ScoredEvents {
  readonly anomalousRows: readonly number[];
  /** Thresholds of a detector that controls its false discovery rate; absent for any other. */
  readonly discoveries?: BatchDiscoveries;
}

/**
 * Marks anomalies. A row is an anomaly exactly when p ≤ α, or p ≤ the threshold that follows from
 * the anomalies before it, for a detector that controls its false discovery rate.
 */
export function decide(partitions: PartitionDiscoveries): (batch: ScoredEvents) => Promise<DecidedEvents> {
  return async (batch) => {
    const { source, lease, scores, events } = batch;
    const { fdr, detector } = lease.model;
    if (fdr === null) {
      partitions.pass(source);
      return { ...batch, anomalousRows: rowsWhere(scores.pValues, (p) => isAnomalous(p, detector.alpha)) };
    }
    const tests = { offsets: events.offsets, pValues: scores.pValues };
    const discoveries = await partitions.decide(source, fdr, tests);
    const { thresholds } = discoveries;
    const anomalousRows = rowsWhere(scores.pValues, (p, row) => isAnomalous(p, at(thresholds, row)));
    return { ...batch, anomalousRows, discoveries };
  };
}

function rowsWhere(pValues: Float64Array, holds: (pValue: number, row: number) => boolean): number[] {
  const rows: number[] = [];
  pValues.forEach((pValue, row) => {
    if (holds(pValue, row)) rows.push(row);
  });
  return rows;
}
