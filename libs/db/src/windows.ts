import { type EventBatch, FlowlineError, type StoredWindows } from '@flowline/events';
import type pg from 'pg';

import { type Database, withClient } from './database.ts';
import { claimEntities } from './sql/entities-claim.ts';
import { selectEntitiesElsewhere } from './sql/entities-elsewhere.ts';
import { markEntitiesSeen } from './sql/entities-seen.ts';
import { deleteWindows } from './sql/windows-delete.ts';
import { selectWindows } from './sql/windows-select.ts';
import { upsertWindows } from './sql/windows-upsert.ts';

/** The windows of a partition's entities as they were stored last, or null. */
export async function readWindows(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<StoredWindows | null> {
  const [found] = await withClient(db, (client) => selectWindows(client, detector, topic, partition));
  return found ?? null;
}

/** Forgets the windows of a detector's entities in a topic, and their partitions. */
export async function resetWindows(db: Database, detector: string, topic: string): Promise<void> {
  await withClient(db, (client) => deleteWindows(client, detector, topic));
}

/**
 * Stores what a batch leaves of its entities, within its transaction. Windows are stored by whoever moves the fence: those of a batch
 * that lies below it were stored by another worker, which may have other windows by now.
 * @throws FlowlineError FLOWLINE_ENTITY_SCATTERED where another partition has events of one of them.
 */
export async function storeEntities(
  client: pg.PoolClient,
  { detector, topic, partition, nextOffset: batchEnd, entities }: EventBatch,
  fence: number,
): Promise<void> {
  if (entities === null) return;
  const { added, seen, windows } = entities;
  if (added.length > 0) {
    await claimEntities(client, detector, topic, partition, added);
    // A statement of its own: it sees what another transaction has claimed meanwhile.
    const [stray] = await selectEntitiesElsewhere(client, detector, topic, partition, added);
    if (stray !== undefined) throw scattered(detector, topic, partition, stray);
  }
  if (windows === null || batchEnd <= fence) return;
  if (seen.length > 0) await markEntitiesSeen(client, detector, topic, partition, seen);
  const { id, nextOffset, bytes } = windows;
  await upsertWindows(client, detector, topic, partition, id, nextOffset, Buffer.from(bytes));
}

function scattered(
  detector: string,
  topic: string,
  partition: number,
  stray: { readonly entity: string; readonly partition: number },
): FlowlineError {
  return new FlowlineError(
    'FLOWLINE_ENTITY_SCATTERED',
    `Events of the entity ${stray.entity} arrive in ${topic}[${partition}] and in ${topic}[${stray.partition}]: no process sees all of its past.`,
    {
      where: `${detector}, ${topic}[${partition}]`,
      remedy:
        'Produce the events with the fields of source.key as the Kafka key. After partitions were added to the topic, or source.key was changed, start the scorer once with --reset-windows.',
    },
  );
}
