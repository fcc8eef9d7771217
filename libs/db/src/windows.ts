import type { EventBatch, StoredWindows, WindowPiece, WindowSnapshot } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import type { Database } from './database.ts';
import { claimEntities as claimNames, markEntitiesSeen } from './sql/entities.ts';
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

/** Topic id in the keys of entity claims where Kafka assigns none, because a key cannot be null. */
const NO_TOPIC_ID = '';

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
  return withTransaction(db, read, { readOnly: true });
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
  await withTransaction(db, (client) => deleteWindows(client, { detector, topic }));
}

/** Entity whose events also arrive in another partition. */
export interface StrayEntity {
  readonly entity: string;
  /** Partition that has claimed the entity. */
  readonly partition: number;
}

/** Scope of entity names, which are unique only for one topic id and one key. */
export interface EntityScope {
  readonly detector: string;
  readonly topic: string;
  /** Topic id from Kafka; null if Kafka assigns none. */
  readonly topicId: string | null;
  /** Fields that name an entity. */
  readonly key: readonly string[];
  readonly partition: number;
}

/**
 * Claims entities seen in a partition: each belongs to the first partition with events of it. Names
 * may have any size and content.
 * @returns the entities that belong to another partition.
 */
export async function claimEntities(
  db: Database,
  { detector, topic, topicId, key, partition }: EntityScope,
  entities: readonly string[],
): Promise<readonly StrayEntity[]> {
  const names = new Map(entities.map((entity) => [boundedName(entity), entity]));
  const found = await withTransaction(db, (client) =>
    claimNames(client, {
      ...{ detector, topic, key, partition },
      topicId: topicId ?? NO_TOPIC_ID,
      entities: [...names.keys()],
    }),
  );
  return found.map(({ entity: name, partition: other }) => ({ entity: names.get(name) ?? name, partition: other }));
}

/**
 * Stores the entity state of a batch within its transaction. Windows are stored by the worker that
 * moves the fence: those of a batch below it were stored by another worker, whose windows may
 * differ by now.
 * @returns false if the batch has a snapshot that is not stored.
 */
export async function storeEntities(client: pg.PoolClient, batch: EventBatch, fence: number): Promise<boolean> {
  const { detector, topic, topicId, partition, nextOffset: batchEnd, entities } = batch;
  if (entities?.windows == null) return true;
  if (batchEnd <= fence) return false;
  const { key, seen, windows } = entities;
  if (seen.length > 0) {
    await markEntitiesSeen(client, {
      ...{ detector, topic, key, partition },
      topicId: topicId ?? NO_TOPIC_ID,
      entities: seen.map(boundedName),
    });
  }
  return storeWindows(client, { detector, topic, partition }, windows);
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
