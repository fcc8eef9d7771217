import { type Database, withClient } from './database.ts';
import { insertGap } from './sql/gap-insert.ts';
import { selectOffset } from './sql/offset-select.ts';
import { deleteOffsets } from './sql/offsets-delete.ts';

/** Records that a topic no longer held when they were due: offsets from `fromOffset` up to, without, `toOffset`. */
export interface Gap {
  readonly detector: string;
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** The offset to read next of a stream, or null when nothing of it has been stored. */
export async function readOffset(
  db: Database,
  detector: string,
  topic: string,
  partition: number,
): Promise<number | null> {
  const [row] = await withClient(db, (client) => selectOffset(client, detector, topic, partition));
  return row?.nextOffset ?? null;
}

/** Forgets where a detector stands in a topic that was deleted and recreated. Returns how many partitions that were. */
export async function resetOffsets(db: Database, detector: string, topic: string): Promise<number> {
  return (await withClient(db, (client) => deleteOffsets(client, detector, topic))).length;
}

/** Stores a gap, once; returns whether it is new. */
export async function recordGap(db: Database, gap: Gap): Promise<boolean> {
  const { detector, topic, partition, fromOffset, toOffset } = gap;
  const rows = await withClient(db, (client) => insertGap(client, detector, topic, partition, fromOffset, toOffset));
  return rows.length > 0;
}
