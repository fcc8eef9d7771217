import type { EventBatch, StoredWindows, WindowPiece, WindowSnapshot } from '@flowline/events';
import type pg from 'pg';

import type { Database } from './database.ts';
import { packWindows, unpackWindows } from './packed-windows.ts';
import { lockDetectorStreams } from './sql/streams.ts';
import {
  deleteWindows,
  extendWindows,
  insertWindowPiece,
  replaceWindows,
  selectWindowLimits,
  selectWindowPieces,
  selectWindows,
} from './sql/windows.ts';
import { withTransaction } from './transaction.ts';

/** Pieces per query: mostly a few megabytes at most. */
const PAGE = 8;

/** Reads the stored windows of a partition, a page of pieces at a time; null for none. */
export async function readWindows(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<StoredWindows | null> {
  const stream = { detector, topic, partition };
  const read = async (client: pg.PoolClient): Promise<StoredWindows | null> => {
    const found = await selectWindows(client, stream);
    if (found === null) return null;
    const { id, nextOffset, token, state } = found;
    const pieces = token === null ? [{ nextOffset, bytes: state }] : await readPieces(client, stream);
    return { id, nextOffset, token, pieces };
  };
  const stored = await withTransaction(db, read, { readOnly: true });
  return stored === null ? null : unpackWindows(stored);
}

async function readPieces(
  client: pg.PoolClient,
  stream: { readonly detector: string; readonly topic: string; readonly partition: number },
): Promise<WindowPiece[]> {
  const pieces: WindowPiece[] = [];
  let after = { afterOffset: -1, afterPart: 0 };
  for (;;) {
    const page = await selectWindowPieces(client, { ...stream, ...after, limit: PAGE });
    pieces.push(...page.map(({ nextOffset, bytes }) => ({ nextOffset, bytes })));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return pieces;
    after = { afterOffset: last.nextOffset, afterPart: last.part };
  }
}

/** Partition whose windows reached limits between their last two snapshots. */
export interface LimitedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly limits: readonly string[];
}

/** Lists the partitions of a detector whose windows reached limits lately. */
export async function listWindowLimits(db: Database, detector: string): Promise<readonly LimitedPartition[]> {
  return withTransaction(db, (client) => selectWindowLimits(client, { detector }));
}

/** Deletes the stored windows of a detector's entities in a topic, and their partition claims. */
export async function resetWindows(db: Database, detector: string, topic: string): Promise<void> {
  await withTransaction(db, async (client) => {
    await lockDetectorStreams(client, { detector, exclusive: true });
    await deleteWindows(client, { detector, topic });
  });
}

/** Compresses the snapshot of a batch; null if it has none. */
export async function snapshotOf({ entities }: EventBatch): Promise<WindowSnapshot | null> {
  return entities?.windows == null ? null : packWindows(entities.windows);
}

/**
 * Stores the snapshot of a batch within its transaction. It is stored by the worker that moves the
 * fence: that of a batch below it was stored by another worker, whose windows may differ by now.
 * @param windows the {@link snapshotOf} the batch.
 * @returns false if the batch has a snapshot that is not stored.
 */
export async function storeSnapshot(
  client: pg.PoolClient,
  { detector, topic, partition, nextOffset }: EventBatch,
  windows: WindowSnapshot | null,
  fence: number,
): Promise<boolean> {
  if (windows === null) return true;
  return nextOffset > fence && storeWindows(client, { detector, topic, partition }, windows);
}

async function storeWindows(
  client: pg.PoolClient,
  stream: { readonly detector: string; readonly topic: string; readonly partition: number },
  { id, nextOffset, token, limits, follows, keepFrom, pieces }: WindowSnapshot,
): Promise<boolean> {
  const row = { ...stream, id, nextOffset, token, limits };
  const { stored } =
    follows === null ? await replaceWindows(client, row) : await extendWindows(client, { ...row, follows, keepFrom });
  if (stored === 0) return false;
  for (const [part, { bytes }] of pieces.entries()) {
    const own = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    await insertWindowPiece(client, { ...stream, nextOffset, part, bytes: own });
  }
  return true;
}
