import {
  advanceDiscoveries,
  type BatchDiscoveries,
  type DiscoveryState,
  FlowlineError,
  type ScoredBatch,
} from '@flowline/events';
import type pg from 'pg';

import type { Database } from './database.ts';
import { selectDiscoveries, type Stream, upsertDiscoveries } from './sql/discoveries.ts';
import { withTransaction } from './transaction.ts';

/** Discoveries of a partition that are stored. */
export interface StoredDiscoveries {
  /** Fence at which they were read; 0 if nothing of the stream is stored. */
  readonly nextOffset: number;
  /** Null if no event was tested. */
  readonly state: DiscoveryState | null;
}

/** Reads what has been discovered in a partition, as of its fence. */
export async function readDiscoveries(db: Database, stream: Stream): Promise<StoredDiscoveries> {
  const row = await withTransaction(db, (client) => selectDiscoveries(client, stream), { readOnly: true });
  if (row === null) return { nextOffset: 0, state: null };
  const { nextOffset, level, tests, discovered, latest, expected } = row;
  if (level === null) return { nextOffset, state: null };
  return { nextOffset, state: { level, tests, discovered, latest, expected } };
}

/**
 * Stores the tests of a batch within its transaction, behind the fence that it took.
 * @param firstRow first row of the batch that is not stored yet.
 * @throws FlowlineError FLOWLINE_DISCOVERIES_BEHIND (retryable) if another worker has tested events
 * since those of the batch were decided: nothing of it may be stored.
 */
export async function storeDiscoveries(
  client: pg.PoolClient,
  batch: ScoredBatch,
  fence: { readonly nextOffset: number; readonly firstRow: number },
): Promise<void> {
  const { discoveries, detector, topic, partition, nextOffset, pValues } = batch;
  if (discoveries === undefined || nextOffset <= fence.nextOffset) return;
  const { thresholds, decidedFrom, refused } = discoveries;
  if (fence.nextOffset < decidedFrom) throw discoveriesBehind(topic, partition);
  const { follows, before } = discoveriesFrom(discoveries, pValues, fence.firstRow);
  const later = advanceDiscoveries(before, thresholds.subarray(fence.firstRow), pValues.subarray(fence.firstRow));
  const after = { ...later, tests: later.tests + refused };
  if (after.tests === before.tests) return;
  const { stored } = await upsertDiscoveries(client, {
    ...{ detector, topic, partition, ...after },
    ...{ followsLevel: follows?.level ?? null, followsTests: follows?.tests ?? null },
    ...{ followsDiscovered: follows?.discovered ?? null, followsLatest: follows?.latest ?? null },
  });
  if (stored !== 1) throw discoveriesBehind(topic, partition);
}

/** States that the tests of a batch follow from a row on. */
export function discoveriesFrom(
  { follows, before, thresholds }: BatchDiscoveries,
  pValues: Float64Array,
  row: number,
): Pick<BatchDiscoveries, 'follows' | 'before'> {
  const state = advanceDiscoveries(before, thresholds.subarray(0, row), pValues.subarray(0, row));
  return state.tests === before.tests ? { follows, before } : { follows: state, before: state };
}

/** Error for a batch whose anomalies were decided by discoveries that are not the stored ones. */
export function discoveriesBehind(topic: string, partition: number): FlowlineError {
  const where = `${topic}[${partition}]`;
  const message = `Anomalies in a batch of ${where} were decided without what another worker has stored since.`;
  return new FlowlineError('FLOWLINE_DISCOVERIES_BEHIND', message, {
    where,
    remedy: 'None needed: the source is reopened and resumes at the offset in Postgres. Score a file again.',
    retryable: true,
  });
}
