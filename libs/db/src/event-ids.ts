import {
  at,
  type BatchIds,
  type DuplicateEvent,
  type EventBatch,
  FlowlineError,
  FORGOTTEN_MS,
  type IdEntries,
  type StoredIds,
  Turns,
} from '@flowline/events';
import type pg from 'pg';

import { BinaryCopy } from './binary-copy.ts';
import { copyRows } from './copy-rows.ts';
import type { Database } from './database.ts';
import { packIds, unpackIds } from './packed-ids.ts';
import {
  copyDuplicates,
  countDuplicates,
  DUPLICATE_FIELDS,
  insertIds,
  selectDuplicateOffsets,
  selectIds,
  selectLastIds,
  selectLimitedIds,
} from './sql/event-ids.ts';
import { selectOffset } from './sql/offsets.ts';
import { withTransaction } from './transaction.ts';

/** Pieces per query: at most a few megabytes. */
const PAGE = 64;
/** Number beyond those of all entries. */
const NO_NUMBER = Number.MAX_SAFE_INTEGER;

/** Partition whose ids are read, and the offset from which its records are read (again). */
export interface IdsOf {
  readonly detector: string;
  readonly topic: string;
  readonly topicId: string | null;
  readonly partition: number;
  readonly fromOffset: number;
}

/**
 * Reads the ids that a partition remembers, and which of the records that are read again repeat
 * one, as of its fence.
 */
export async function readEventIds(db: Database, { topicId, fromOffset, ...stream }: IdsOf): Promise<StoredIds> {
  const read = async (client: pg.PoolClient): Promise<StoredIds> => {
    const { nextOffset } = (await selectOffset(client, stream)) ?? { nextOffset: 0 };
    const last = await selectLastIds(client, stream);
    const again = { ...stream, topicId, fromOffset, toOffset: nextOffset };
    const duplicates = fromOffset < nextOffset ? await selectDuplicateOffsets(client, again) : [];
    const keepFrom = last?.keepFrom ?? 0;
    return {
      ...{ nextOffset, keepFrom },
      position: { run: last?.run ?? null, end: last?.end ?? 0 },
      pieces: (await readPieces(client, { ...stream, keepFrom })).map((piece) => upTo(nextOffset, piece)),
      duplicates: duplicates.map(({ offset }) => offset),
    };
  };
  return withTransaction(db, read, { readOnly: true });
}

/**
 * Leaves the ids of records from an offset on without effect: their commits are lost, or the offset
 * was set back, so that they are read again.
 */
function upTo(nextOffset: number, piece: IdEntries): IdEntries {
  const { offsets, timesMs } = piece;
  if (!offsets.some((offset) => offset >= nextOffset)) return piece;
  return { ...piece, timesMs: timesMs.map((ms, i) => (at(offsets, i) >= nextOffset ? FORGOTTEN_MS : ms)) };
}

/** Reads and unpacks pieces, a page at a time and in turns of the event loop. */
async function readPieces(
  client: pg.PoolClient,
  stream: { detector: string; topic: string; partition: number; keepFrom: number },
): Promise<IdEntries[]> {
  const pieces: IdEntries[] = [];
  const turns = new Turns();
  for (let after = -1; ;) {
    const page = await selectIds(client, { ...stream, after, limit: PAGE });
    for (const { firstNumber, ids } of page) {
      await turns.pause();
      pieces.push(unpackIds(firstNumber, ids));
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return pieces;
    after = last.firstNumber;
  }
}

/**
 * Stores the repeats and new ids of a batch within its transaction, behind the fence that it took.
 * @returns the number of repeats that are new; 0 for a batch without ids.
 * @throws FlowlineError FLOWLINE_EVENT_IDS_BEHIND (retryable) if another worker has stored ids, or
 * moved the fence, since the repeats of the batch were told: nothing of it may be stored.
 */
export async function storeEventIds(client: pg.PoolClient, batch: EventBatch, fence: number): Promise<number> {
  const { ids, detector, topic, partition, nextOffset } = batch;
  if (ids === undefined || nextOffset <= fence) return 0;
  if (fence !== ids.decidedFrom || !(await extendIds(client, { detector, topic, partition }, ids))) {
    throw idsBehind(topic, partition);
  }
  const fresh = ids.duplicates.filter(({ offset }) => offset >= fence);
  if (fresh.length > 0) await copyRows(client, copyDuplicates, duplicateRows(batch, fresh));
  return fresh.length;
}

/** Returns false if the last stored piece is not the one that the ids follow. */
async function extendIds(
  client: pg.PoolClient,
  stream: { readonly detector: string; readonly topic: string; readonly partition: number },
  { added, follows, run, keepFrom, limited, mergeFrom }: BatchIds,
): Promise<boolean> {
  const entries = added.offsets.length;
  if (entries === 0) {
    const last = await selectLastIds(client, stream);
    return (last?.run ?? null) === follows.run && (last?.end ?? 0) === follows.end;
  }
  const { stored } = await insertIds(client, {
    ...{ ...stream, run, limited, keepFrom, entries },
    ...{ followsRun: follows.run, followsEnd: follows.end },
    ...{ firstNumber: added.first, mergeFrom: mergeFrom ?? NO_NUMBER, ids: packIds(added) },
  });
  return stored === 1;
}

function duplicateRows({ detector, topic, topicId, partition }: EventBatch, rows: readonly DuplicateEvent[]) {
  const copy = new BinaryCopy(rows.length * 256);
  for (const { offset, eventId, eventTimeMs, recordTimeMs, firstOffset, firstRecordTimeMs } of rows) {
    copy
      .startRow(DUPLICATE_FIELDS)
      .text(detector)
      .text(topic)
      .text(topicId)
      .int32(partition)
      .int64(offset)
      .text(eventId)
      .timestamp(eventTimeMs)
      .timestamp(recordTimeMs)
      .int64(firstOffset)
      .timestamp(firstRecordTimeMs);
  }
  return copy;
}

/** Error for a batch whose repeats were told by ids that are not the stored ones. */
export function idsBehind(topic: string, partition: number): FlowlineError {
  const message = `Repeats in a batch of ${topic}[${partition}] were told by ids that another worker has added to since.`;
  return new FlowlineError('FLOWLINE_EVENT_IDS_BEHIND', message, {
    where: `${topic}[${partition}]`,
    remedy: 'None needed: the source is reopened and resumes at the offset in Postgres. Score a file again.',
    retryable: true,
  });
}

/** Repeats of events, and partitions that remember too few ids to tell all of them. */
export interface RepeatStatus {
  /** Repeats stored within the last day. */
  readonly lastDay: number;
  /** Partitions that lately forgot an id before its window was over. */
  readonly forgetful: readonly { readonly topic: string; readonly partition: number }[];
}

/** Reads the state of a detector's event ids. */
export async function readRepeatStatus(db: Database, detector: string): Promise<RepeatStatus> {
  return withTransaction(db, async (client) => ({
    lastDay: (await countDuplicates(client, { detector })).duplicates,
    forgetful: await selectLimitedIds(client, { detector }),
  }));
}
