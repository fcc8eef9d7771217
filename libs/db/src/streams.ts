import type { Database, Queryable } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { skipGap } from './sql/gaps.ts';
import {
  adoptStream,
  cutStream,
  deleteStream,
  insertStream,
  lockDetectorStreams,
  selectStream,
} from './sql/streams.ts';
import { withTransaction } from './transaction.ts';

/**
 * Topic as a detector reads it. The name alone does not distinguish it from a later topic of the
 * same name.
 */
export interface StreamName {
  readonly detector: string;
  readonly topic: string;
  /** Topic id from Kafka; null if Kafka assigns none. */
  readonly topicId: string | null;
}

/** Stored offsets of a topic. */
export interface StoredStream {
  /** Id of the topic to which the offsets refer; null if unknown. */
  readonly topicId: string | null;
  /** Next offset to read, by partition; empty for a topic that has never been read. */
  readonly next: ReadonlyMap<number, number>;
}

/** Reads the stored offsets of a detector's topic, with the id of that topic. */
export async function readStream(db: Database, detector: string, topic: string): Promise<StoredStream> {
  const rows = await withTransaction(db, (client) => selectStream(client, { detector, topic }));
  return {
    topicId: rows.find(({ topicId }) => topicId !== null)?.topicId ?? null,
    next: new Map(rows.map(({ partition, nextOffset }) => [partition, nextOffset])),
  };
}

/**
 * Begins a topic that a detector has never read, all of its partitions at once. If several callers
 * begin it, the first decides the offsets; a partition not among these was added later.
 * @param starts the first offset to read, by partition.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function beginStream(
  db: Database,
  stream: StreamName,
  starts: ReadonlyMap<number, number>,
): Promise<void> {
  const { detector, topic } = stream;
  await withTransaction(db, async (client) => {
    await lockDetectorStreams(client, { detector, exclusive: true });
    if ((await selectStream(client, { detector, topic })).length > 0) return;
    // Any windows or claims are from an earlier topic of this name.
    await deleteStream(client, { detector, topic });
    const begun = await insertStarts(client, stream, starts);
    if (begun.length === 0 && starts.size > 0) throw detectorMissing(detector);
  });
}

/**
 * Adds new partitions of a topic that is being read, from offset 0, because none of their records
 * were skipped.
 */
export async function addPartitions(db: Database, stream: StreamName, partitions: readonly number[]): Promise<void> {
  const { detector, topic, topicId } = stream;
  await withTransaction(db, async (client) => {
    await lockDetectorStreams(client, { detector, exclusive: true });
    const known = await selectStream(client, { detector, topic });
    if (known.length === 0 || !isSame(known, topicId)) return;
    await insertFromBeginning(client, stream, partitions);
  });
}

/** Sets the topic id of offsets that were stored before topic ids were known. */
export async function adoptTopic(
  db: Database,
  { detector, topic, topicId }: StreamName & { readonly topicId: string },
): Promise<void> {
  await withTransaction(db, (client) => adoptStream(client, { detector, topic, topicId }));
}

/**
 * Moves a partition past lost records, [fromOffset, toOffset), and records the gap, in one
 * statement.
 * @returns false, with nothing moved, if the partition is no longer at `fromOffset`.
 */
export async function skipRecords(
  db: Database,
  { detector, topic, topicId }: StreamName,
  partition: number,
  { fromOffset, toOffset }: { readonly fromOffset: number; readonly toOffset: number },
): Promise<boolean> {
  const moved = await withTransaction(db, (client) =>
    skipGap(client, { detector, topic, topicId, partition, fromOffset, toOffset }),
  );
  return moved !== null;
}

/**
 * Starts over with a topic that was deleted and created again: at offset 0, because nothing of it
 * has been read. Batches of the old topic that are still in flight are not stored.
 * @returns the number of partitions stored of the old topic; 0, with nothing changed, if the new
 * one has begun already.
 */
export async function restartStream(db: Database, stream: StreamName, partitions: readonly number[]): Promise<number> {
  const { detector, topic, topicId } = stream;
  return withTransaction(db, async (client) => {
    await lockDetectorStreams(client, { detector, exclusive: true });
    const known = await selectStream(client, { detector, topic });
    if (topicId !== null && known.every((row) => row.topicId === topicId)) return 0;
    const old = await deleteStream(client, { detector, topic });
    await insertFromBeginning(client, stream, partitions);
    return old.length;
  });
}

/**
 * Moves partitions whose logs have lost their ends back to the current ends. @returns the
 * partitions that were moved.
 */
export async function cutBack(
  db: Database,
  { detector, topic }: Pick<StreamName, 'detector' | 'topic'>,
  ends: ReadonlyMap<number, number>,
): Promise<readonly number[]> {
  const moved = await withTransaction(db, (client) =>
    cutStream(client, { detector, topic, partitions: [...ends.keys()], ends: [...ends.values()] }),
  );
  return moved.map(({ partition }) => partition);
}

/** Begins partitions of which nothing has been read. */
async function insertFromBeginning(
  client: Queryable,
  stream: StreamName,
  partitions: readonly number[],
): Promise<void> {
  await insertStarts(client, stream, new Map(partitions.map((partition) => [partition, 0])));
}

/** Begins partitions at their first offsets. Returns those that were new. */
function insertStarts(
  client: Queryable,
  { detector, topic, topicId }: StreamName,
  starts: ReadonlyMap<number, number>,
): Promise<readonly { readonly partition: number }[]> {
  const [partitions, nextOffsets] = [[...starts.keys()], [...starts.values()]];
  return insertStream(client, { detector, topic, topicId, partitions, nextOffsets });
}

function isSame(known: readonly { readonly topicId: string | null }[], topicId: string | null): boolean {
  return topicId === null || known.every((row) => row.topicId === null || row.topicId === topicId);
}
