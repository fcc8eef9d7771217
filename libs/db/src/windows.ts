import type { EventBatch, StoredWindows } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import type { Database } from './database.ts';
import { claimEntities as claimNames, markEntitiesSeen } from './sql/entities.ts';
import { deleteWindows, selectWindows, upsertWindows } from './sql/windows.ts';
import { withTransaction } from './transaction.ts';

/** Topic id in the keys of entity claims where Kafka assigns none, because a key cannot be null. */
const NO_TOPIC_ID = '';

/** Reads the last stored windows of a partition's entities, or null. */
export async function readWindows(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<StoredWindows | null> {
  return withTransaction(db, (client) => selectWindows(client, { detector, topic, partition }));
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
 */
export async function storeEntities(
  client: pg.PoolClient,
  { detector, topic, topicId, partition, nextOffset: batchEnd, entities }: EventBatch,
  fence: number,
): Promise<void> {
  if (entities === null) return;
  const { key, seen, windows } = entities;
  if (windows === null || batchEnd <= fence) return;
  if (seen.length > 0) {
    await markEntitiesSeen(client, {
      ...{ detector, topic, key, partition },
      topicId: topicId ?? NO_TOPIC_ID,
      entities: seen.map(boundedName),
    });
  }
  const { id, nextOffset, bytes } = windows;
  const state = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  await upsertWindows(client, { detector, topic, partition, id, nextOffset, state });
}
