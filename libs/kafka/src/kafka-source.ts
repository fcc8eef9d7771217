import type { FlowlineError } from '@flowline/events';
import type { EventSource, SourceBatch } from '@flowline/stream';
import { Observable } from 'rxjs';

import { KafkaReader } from './kafka-reader.ts';
import type { KafkaSourceOptions, PartitionLag } from './kafka-source-options.ts';

/** Endless source over a Kafka topic. */
export interface KafkaSource extends EventSource {
  /** Lag of each partition that is read here. @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE. */
  lag(): Promise<PartitionLag[]>;
  /** Number of batches handed out and not yet stored. */
  readonly inFlight: number;
  /**
   * Drops the consumer and fails `batches$` with an error; a subscriber may resubscribe if the
   * error is retryable. Does nothing without a subscription.
   */
  abandon(error: FlowlineError): void;
}

/**
 * Creates a source over one topic as a member of a consumer group. Postgres (`offsets`) decides
 * where reading starts; the offsets committed to Kafka follow it and serve lag tools.
 *
 * `batches$` may be subscribed to again after it fails, with one of these errors:
 * - FLOWLINE_BROKER_UNREACHABLE
 * - FLOWLINE_TOPIC_MISSING
 * - FLOWLINE_TOPIC_RECREATED: the topic is not the one that was read before
 * - FLOWLINE_GROUP_SHARED: the group has members that store into another database
 */
export function createKafkaSource(options: KafkaSourceOptions): KafkaSource {
  let reader: KafkaReader | undefined;
  let stopped = false;
  const batches$ = new Observable<SourceBatch>((subscriber) => {
    if (stopped) {
      subscriber.complete();
      return;
    }
    const opened = new KafkaReader(options, subscriber);
    reader = opened;
    void opened.start();
    return () => {
      void opened.close();
      if (reader === opened) reader = undefined;
    };
  });
  return {
    finite: false,
    batches$,
    stop: () => {
      stopped = true;
      reader?.stop();
    },
    lag: () => reader?.lag() ?? Promise.resolve([]),
    get inFlight() {
      return reader?.inFlight ?? 0;
    },
    abandon: (error) => reader?.abandon(error),
  };
}
