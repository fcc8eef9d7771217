import type { EventBatch, StoredWindows } from '@flowline/events';
import type pg from 'pg';

import { boundedName } from './bounded-name.ts';
import type { Database } from './database.ts';
import { claimEntities as claimNames } from './sql/entities-claim.ts';
import { markEntitiesSeen } from './sql/entities-seen.ts';
import { deleteWindows } from './sql/windows-delete.ts';
import { selectWindows } from './sql/windows-select.ts';
import { upsertWindows } from './sql/windows-upsert.ts';
import { withTransaction } from './transaction.ts';

/** The windows of a partition's entities as they were stored last, or null. */
export async function readWindows(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<StoredWindows | null> {
  const [found] = await withTransaction(db, (client) => selectWindows(client, detector, topic, partition));
  return found ?? null;
}

/** Forgets the windows of a detector's entities in a topic, and their partitions. */
export async function resetWindows(db: Database, detector: string, topic: string): Promise<void> {
  await withTransaction(db, (client) => deleteWindows(client, detector, topic));
}

/** An entity whose events arrive in another partition as well. */
export interface StrayEntity {
  readonly entity: string;
  /** The partition that has claimed it. */
  readonly partition: number;
}

/** Whose entities are claimed: names mean something only within one life of a topic and one key. */
export interface EntityScope {
  readonly detector: string;
  readonly topic: string;
  /** The id that Kafka gave the topic; null where it gives none. */
  readonly topicId: string | null;
  /** The fields that name an entity. */
  readonly key: readonly string[];
  readonly partition: number;
}

/**
 * Claims entities that came up in a partition: each belongs to the first partition that has events of it.
 * Names of any size and content are taken.
 * @returns those that belong to another partition.
 */
export async function claimEntities(
  db: Database,
  { detector, topic, topicId, key, partition }: EntityScope,
  entities: readonly string[],
): Promise<readonly StrayEntity[]> {
  const names = new Map(entities.map((entity) => [boundedName(entity), entity]));
  const found = await withTransaction(db, (client) =>
    claimNames(client, detector, topic, topicId ?? '', key, partition, [...names.keys()]),
  );
  return found.map(({ entity: name, partition: other }) => ({ entity: names.get(name) ?? name, partition: other }));
}

/**
 * Stores what a batch leaves of its entities, within its transaction. Windows are stored by whoever moves the fence: those of a batch
 * that lies below it were stored by another worker, which may have other windows by now.
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
    await markEntitiesSeen(client, detector, topic, topicId ?? '', key, partition, seen.map(boundedName));
  }
  const { id, nextOffset, bytes } = windows;
  await upsertWindows(
    client,
    detector,
    topic,
    partition,
    id,
    nextOffset,
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
  );
}
