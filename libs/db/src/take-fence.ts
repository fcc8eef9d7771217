import type { EventBatch } from '@flowline/events';
import type pg from 'pg';

import { detectorMissing } from './detectors.ts';
import { type Fence, refusal } from './fence.ts';
import { streamRewound, topicReplaced } from './offsets.ts';
import { selectDetectorState } from './sql/detectors.ts';
import { insertOffset, lockOffset } from './sql/offsets.ts';
import { lockDetectorStreams } from './sql/streams.ts';

/** Fence of a stream with the event time at which the next of its alerts is due to be resolved. */
export interface LockedFence extends Fence {
  readonly alertsDue: Date | null;
}

/**
 * Locks the stream's fence until the transaction ends and returns it. A source without Kafka
 * topics, such as a file, starts at 0.
 * @throws FlowlineError FLOWLINE_DETECTOR_MISSING if the detector was deleted;
 * FLOWLINE_STREAM_REWOUND (retryable) if records before the batch are no longer stored, or what is
 * stored belongs to another topic of the same name.
 */
export async function takeFence(client: pg.PoolClient, batch: EventBatch): Promise<LockedFence> {
  const fence = await lockFence(client, batch);
  const { topic, partition, fromOffset } = batch;
  const refused = refusal(batch, fence);
  if (refused === 'another topic') throw topicReplaced(topic, partition);
  if (refused === 'rewound') throw streamRewound(topic, partition, { stored: fromOffset, found: fence.nextOffset });
  return fence;
}

async function lockFence(client: pg.PoolClient, batch: EventBatch): Promise<LockedFence> {
  const { detector, topic, topicId, partition } = batch;
  const stream = { detector, topic, partition };
  const found = await lockOffset(client, stream);
  if (found !== null) return found;
  await lockDetectorStreams(client, { detector, exclusive: false });
  const detectorState = await selectDetectorState(client, { detector });
  if (detectorState?.state === 'deleted') throw detectorMissing(detector);
  // A reader begins all partitions of a topic before it reads: this batch is from a topic that has
  // been replaced.
  if (topicId !== null) throw topicReplaced(topic, partition);
  await insertOffset(client, stream);
  const inserted = await lockOffset(client, stream);
  if (inserted === null) throw detectorMissing(detector);
  return inserted;
}
