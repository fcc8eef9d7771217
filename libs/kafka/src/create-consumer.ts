import type { Consumer } from 'kafkajs';

import { assignerFor } from './group-members.ts';
import type { KafkaSourceOptions } from './kafka-source-options.ts';
import { HEARTBEAT_INTERVAL_MS } from './while-beating.ts';

/** Time until a dead member is detected, and so until its partitions are taken over. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 30_000;
/** Minimum bytes per fetch: fewer records wait for more, up to maxWaitMs. */
const MIN_FETCH_BYTES = 65_536;
/** Maximum time until partitions added to a topic are found. */
const METADATA_MAX_AGE_MS = 20_000;

/** Creates the consumer of a {@link KafkaReader}; it is not connected yet. */
export function createConsumer({ client, groupId, database, maxWaitMs }: KafkaSourceOptions): Consumer {
  return client.kafka.consumer({
    groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    minBytes: MIN_FETCH_BYTES,
    maxWaitTimeInMs: Math.max(1, maxWaitMs),
    metadataMaxAge: METADATA_MAX_AGE_MS,
    partitionAssigners: [assignerFor(database)],
    allowAutoTopicCreation: false,
  });
}
