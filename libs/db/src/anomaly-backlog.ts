import {
  type Anomaly,
  type AnomalyBatch,
  at,
  type DeadLetter,
  FlowlineError,
  messageOf,
  type ScoredBatch,
} from '@flowline/events';
import type pg from 'pg';

import { deadLetterRows } from './batch-rows.ts';
import { BinaryCopy } from './binary-copy.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { errorCode } from './database-error.ts';
import { asciiAlert, endedByRefusal, refusalOf } from './data-refusal.ts';
import {
  BACKLOG_FIELDS,
  copyBacklog,
  countBacklog,
  deleteOldestPiece,
  noteBacklogFailure,
  selectOldestPiece,
} from './sql/anomaly-backlog.ts';
import { lockAlerts } from './sql/alerts.ts';
import { copyDeadLetters } from './sql/dead-letters.ts';
import { type AlertingOptions, storeAnomalies } from './store-anomalies.ts';
import { withTransaction } from './transaction.ts';

/** Anomalies and bytes per piece: what is written out in one transaction, which has a timeout. */
const PIECE = 512;
const PIECE_BYTES = 2_097_152;

/** Packs rows of a batch and adds them to the backlog of its stream, within its transaction. */
export async function appendToBacklog(
  client: pg.PoolClient,
  { detector, topic, partition }: ScoredBatch,
  rows: readonly number[],
  pack: (rows: readonly number[]) => Uint8Array,
): Promise<void> {
  if (rows.length === 0) return;
  const copy = new BinaryCopy(rows.length * 512);
  for (let start = 0; start < rows.length; start += PIECE) {
    for (const { anomalies, packed } of packedPieces(rows.slice(start, start + PIECE), pack)) {
      copy.startRow(BACKLOG_FIELDS).text(detector).text(topic).int32(partition).int32(anomalies).bytea(packed);
    }
  }
  await copyRows(client, copyBacklog, copy);
}

/** Packs rows in order: together, or in halves while they are too long, as by ids of any size. */
function packedPieces(
  rows: readonly number[],
  pack: (rows: readonly number[]) => Uint8Array,
): { readonly anomalies: number; readonly packed: Uint8Array }[] {
  const packed = pack(rows);
  if (packed.byteLength <= PIECE_BYTES || rows.length === 1) return [{ anomalies: rows.length, packed }];
  const middle = rows.length >>> 1;
  return [...packedPieces(rows.slice(0, middle), pack), ...packedPieces(rows.slice(middle), pack)];
}

/** Writing out of a detector's backlog. */
export interface BacklogOptions {
  readonly detector: string;
  /** Reads packed anomalies, and gives them their verdicts. */
  readonly unpack: (packed: Uint8Array) => AnomalyBatch;
  /** Alerts of a topic's anomalies. */
  readonly alerting: (topic: string) => AlertingOptions;
}

/** Piece of the backlog that was written out. */
export interface WrittenPiece {
  readonly batch: AnomalyBatch;
  /** Time for which its anomalies have waited. */
  readonly waitedMs: number;
}

/**
 * Writes out the oldest piece of a detector's backlog in one transaction: the rows of its
 * anomalies, what becomes of their alerts, and the messages about that. Whoever else writes out,
 * each anomaly is written once, and those of a stream in their order. Pieces that were set aside
 * are left alone. A piece that cannot be written out waits on, with the reason.
 * @returns null if nothing waits.
 */
export async function writeOutBacklog(db: Database, options: BacklogOptions): Promise<WrittenPiece | null> {
  const tried: Tried = { backlogId: null };
  try {
    return await withTransaction(db, (client) => writeOut(client, options, storeAnomalies, tried));
  } catch (error) {
    if (!endedByRefusal(error)) return noteAndThrow(db, tried, error);
  }
  try {
    return await withTransaction(db, (client) => writeOut(client, options, storeOneByOne, tried));
  } catch (error) {
    return noteAndThrow(db, tried, error);
  }
}

/** Piece that a transaction has tried to write out last; null for none. */
interface Tried {
  backlogId: number | null;
}

/** Notes at the piece why it cannot be written out, unless the database is away, and throws. */
async function noteAndThrow(db: Database, { backlogId }: Tried, error: unknown): Promise<never> {
  const isAway = error instanceof FlowlineError && error.code === 'FLOWLINE_DATABASE_UNREACHABLE';
  if (backlogId !== null && !isAway) {
    await withTransaction(db, (client) => noteBacklogFailure(client, { backlogId, error: messageOf(error) }));
  }
  throw error;
}

async function writeOut(
  client: pg.PoolClient,
  { detector, unpack, alerting }: BacklogOptions,
  store: typeof storeAnomalies,
  tried: Tried,
): Promise<WrittenPiece | null> {
  const oldest = await selectOldestPiece(client, { detector });
  if (oldest === null) return null;
  const { topic } = oldest;
  tried.backlogId = oldest.backlogId;
  await lockAlerts(client, { detector, topic });
  const piece = await deleteOldestPiece(client, { detector, topic });
  if (piece === null) return null;
  const batch = unpack(piece.packed);
  await store(client, batch, { anomalies: batch.anomalies, timeMs: null, isDue: false }, alerting(topic));
  return { batch, waitedMs: piece.waitedMs };
}

/** Stores anomalies one by one; of one that Postgres refuses, its plain form, or a dead letter. */
const storeOneByOne: typeof storeAnomalies = async (client, batch, { anomalies, ...time }, options) => {
  const refusalOfOne = (anomaly: Anomaly): Promise<Error | null> =>
    refusalOf(client, () => storeAnomalies(client, batch, { anomalies: [anomaly], ...time }, options));
  for (const anomaly of anomalies) {
    const refusal = await refusalOfOne(anomaly);
    if (refusal === null) continue;
    if ((await refusalOfOne({ ...anomaly, alert: asciiAlert(anomaly.alert) })) === null) continue;
    await copyRows(client, copyDeadLetters, deadLetterRows(batch, [refusedAnomaly(batch, anomaly, refusal)]));
  }
};

/** Dead letter of an anomaly that Postgres refuses; its event is stored, and its record is gone. */
function refusedAnomaly(batch: AnomalyBatch, { row }: Anomaly, refusal: Error): DeadLetter {
  const code = errorCode(refusal) ?? 'unknown';
  return {
    ...{
      offset: at(batch.offsets, row),
      key: null,
      value: null,
      headers: {},
      timestampMs: at(batch.eventTimesMs, row),
    },
    ...{ reason: 'refused', field: null },
    message: `Postgres refused the anomaly (SQLSTATE ${code}): ${refusal.message}; its event is stored with its score`,
  };
}

/** Counts the anomalies of a detector that wait to be written out. */
export async function countBacklogAnomalies(db: Database, detector: string): Promise<number> {
  return (await withTransaction(db, (client) => countBacklog(client, { detector }))).anomalies;
}
