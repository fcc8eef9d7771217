import {
  addPartitions,
  adoptTopic,
  beginStream,
  type Database,
  readStream,
  recordGap,
  skipRecords,
} from '@flowline/db';
import type { LostRecords, StreamOffsets } from '@flowline/kafka';
import type { Metrics } from '@flowline/telemetry';

import type { PartitionIds } from '../ids/partition-ids.ts';
import type { PartitionWindows } from '../windows/partition-windows.ts';

/** Stream positions of a detector, kept in Postgres, for a Kafka source. */
export function streamOffsets(
  db: Database,
  metrics: Metrics,
  detector: string,
  { windows, ids }: { readonly windows: PartitionWindows; readonly ids: PartitionIds },
): StreamOffsets {
  const count = ({ topic, fromOffset, toOffset }: LostRecords): void =>
    metrics.recordsLost.inc({ detector, topic }, toOffset - fromOffset);
  return {
    read: (topic) => readStream(db, detector, topic),
    begin: (topic, topicId, starts) => beginStream(db, { detector, topic, topicId }, starts),
    add: (topic, topicId, partitions) => addPartitions(db, { detector, topic, topicId }, partitions),
    adopt: (topic, topicId) => adoptTopic(db, { detector, topic, topicId }),
    assigned: (topic, partitions) => {
      windows.retain(topic, partitions);
      ids.retain(topic, partitions);
    },
    replayFrom: (topic, partition, at) => windows.assign(topic, partition, at),
    skip: async ({ topic, topicId, partition, ...range }) => {
      const moved = await skipRecords(db, { detector, topic, topicId }, partition, range);
      if (moved) count({ topic, topicId, partition, ...range });
      return moved;
    },
    recordGap: async (lost) => {
      windows.lost(lost.topic, lost.partition, lost.toOffset);
      if (await recordGap(db, { detector, ...lost })) count(lost);
    },
  };
}
