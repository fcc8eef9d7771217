import type { Database, Queryable } from './database.ts';
import { detectorMissing } from './detectors.ts';
import { lockDetectorStreams } from './sql/detector-stream-lock.ts';
import { skipGap } from './sql/gap-skip.ts';
import { adoptStream } from './sql/stream-adopt.ts';
import { cutStream } from './sql/stream-cut.ts';
import { deleteStream } from './sql/stream-delete.ts';
import { insertStream } from './sql/stream-insert.ts';
import { selectStream } from './sql/stream-select.ts';
import { withTransaction } from './transaction.ts';

/** One life of a topic as a detector reads it. A name alone does not tell it from a later topic of that name. */
export interface StreamName {
  readonly detector: string;
  readonly topic: string;
  /** The id that Kafka gave the topic; null where it gives none. */
  readonly topicId: string | null;
}

/** What is stored of a topic. */
export interface StoredStream {
  /** The topic that the offsets count in; null where that is not known. */
  readonly topicId: string | null;
  /** The offset to read next, by partition; empty for a topic that has never been read. */
  readonly next: ReadonlyMap<number, number>;
}

/** How far a detector has stored a topic, and which topic of that name that was. */
export async function readStream(db: Database, detector: string, topic: string): Promise<StoredStream> {
  const rows = await withTransaction(db, (client) => selectStream(client, detector, topic));
  return {
    topicId: rows.find(({ topicId }) => topicId !== null)?.topicId ?? null,
    next: new Map(rows.map(({ partition, nextOffset }) => [partition, nextOffset])),
  };
}

/**
 * Begins a topic that a detector has never read, all of its partitions at once: of several that begin it the first one decides where,
 * and a partition that is not among these has appeared later.
 * @param starts the offset to read first, by partition. @throws FlowlineError FLOWLINE_DETECTOR_MISSING.
 */
export async function beginStream(
  db: Database,
  stream: StreamName,
  starts: ReadonlyMap<number, number>,
): Promise<void> {
  const { detector, topic, topicId } = stream;
  await withTransaction(db, async (client) => {
    await lockDetectorStreams(client, detector, true);
    if ((await selectStream(client, detector, topic)).length > 0) return;
    // What windows or claims there are is of another life of the topic.
    await deleteStream(client, detector, topic);
    const begun = await insertStream(client, detector, topic, topicId, [...starts.keys()], [...starts.values()]);
    if (begun.length === 0 && starts.size > 0) throw detectorMissing(detector);
  });
}

/** Adds partitions that have appeared in a topic which is being read: nothing of them was passed over. */
export async function addPartitions(db: Database, stream: StreamName, partitions: readonly number[]): Promise<void> {
  const { detector, topic, topicId } = stream;
  await withTransaction(db, async (client) => {
    await lockDetectorStreams(client, detector, true);
    const known = await selectStream(client, detector, topic);
    if (known.length === 0 || !isSame(known, topicId)) return;
    await insertFromBeginning(client, stream, partitions);
  });
}

/** Notes which topic offsets count in that were stored before topics were told apart. */
export async function adoptTopic(
  db: Database,
  { detector, topic, topicId }: StreamName & { readonly topicId: string },
): Promise<void> {
  await withTransaction(db, (client) => adoptStream(client, detector, topic, topicId));
}

/**
 * Moves a partition over records that are gone, [fromOffset, toOffset), and notes them, in one step.
 * @returns false, with nothing moved, where it does not stand at `fromOffset` any more.
 */
export async function skipRecords(
  db: Database,
  { detector, topic, topicId }: StreamName,
  partition: number,
  { fromOffset, toOffset }: { readonly fromOffset: number; readonly toOffset: number },
): Promise<boolean> {
  const moved = await withTransaction(db, (client) =>
    skipGap(client, detector, topic, topicId, partition, fromOffset, toOffset),
  );
  return moved.length > 0;
}

/**
 * Begins anew with a topic that was deleted and created again: at its beginning, as nothing of it has been read. Whoever still holds
 * batches of the old one stores none of them.
 * @returns how many partitions were stored of the old topic; 0, with nothing changed, where the new one has begun already.
 */
export async function restartStream(db: Database, stream: StreamName, partitions: readonly number[]): Promise<number> {
  const { detector, topic, topicId } = stream;
  return withTransaction(db, async (client) => {
    await lockDetectorStreams(client, detector, true);
    const known = await selectStream(client, detector, topic);
    if (topicId !== null && known.every((row) => row.topicId === topicId)) return 0;
    const old = await deleteStream(client, detector, topic);
    await insertFromBeginning(client, stream, partitions);
    return old.length;
  });
}

/** Moves partitions whose logs have lost their ends back to where these end now. @returns those that were moved. */
export async function cutBack(
  db: Database,
  { detector, topic }: Pick<StreamName, 'detector' | 'topic'>,
  ends: ReadonlyMap<number, number>,
): Promise<readonly number[]> {
  const moved = await withTransaction(db, (client) =>
    cutStream(client, detector, topic, [...ends.keys()], [...ends.values()]),
  );
  return moved.map(({ partition }) => partition);
}

/** Partitions of which nothing has been read. */
async function insertFromBeginning(
  client: Queryable,
  { detector, topic, topicId }: StreamName,
  partitions: readonly number[],
): Promise<void> {
  const starts = partitions.map(() => 0);
  await insertStream(client, detector, topic, topicId, partitions, starts);
}

function isSame(known: readonly { readonly topicId: string | null }[], topicId: string | null): boolean {
  return topicId === null || known.every((row) => row.topicId === null || row.topicId === topicId);
}
