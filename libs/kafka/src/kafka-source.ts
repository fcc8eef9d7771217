import type { FlowlineError } from '@flowline/events';
import type { EventSource, SourceBatch } from '@flowline/stream';
import { Observable } from 'rxjs';

import { KafkaReader } from './kafka-reader.ts';
import type { KafkaSourceOptions, PartitionLag } from './kafka-source-options.ts';

/** A topic as an endless source. */
export interface KafkaSource extends EventSource {
  /** How far each partition that is read here is behind its end. @throws FlowlineError FLOWLINE_BROKER_UNREACHABLE. */
  lag(): Promise<PartitionLag[]>;
  /** Batches handed out that are not stored yet. */
  readonly inFlight: number;
  /**
   * Gives the consumer up and fails `batches$` with an error, for a subscriber that opens it again where the error is retryable.
   * Without a subscription, nothing happens.
   */
  abandon(error: FlowlineError): void;
}

/**
 * A source over one topic as a member of a consumer group. Postgres (`offsets`) decides where reading begins; the offsets
 * committed to Kafka follow it and serve lag tools. `batches$` fails with FLOWLINE_BROKER_UNREACHABLE, FLOWLINE_TOPIC_MISSING,
 * FLOWLINE_TOPIC_RECREATED where the topic is not the one that was read before, or FLOWLINE_GROUP_SHARED where the group has members that
 * store into another database; it may be subscribed to again.
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
