import { FlowlineError, messageOf } from '@flowline/events';
import type { KafkaSource, PartitionLag } from '@flowline/kafka';
import type { Health, Logger, Metrics } from '@flowline/telemetry';

import { StallWatch } from './stall-watch.ts';

export interface ConsumerWatchOptions {
  readonly detector: string;
  readonly topic: string;
  readonly source: Pick<KafkaSource, 'inFlight' | 'abandon'>;
  readonly health: Health;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Maximum time that a partition may stand still behind its end. */
  readonly stallMs: number;
}

/**
 * Reopens a consumer that has stopped without an error, a known fault of kafkajs. The health of the
 * process turns red first, and green once the consumer moves.
 */
export class ConsumerWatch {
  readonly #options: ConsumerWatchOptions;
  readonly #watch: StallWatch;
  readonly #part: string;

  constructor(options: ConsumerWatchOptions) {
    this.#options = options;
    this.#watch = new StallWatch(options.stallMs);
    this.#part = `consumer of ${options.detector}`;
  }

  /** Checks the lags of the moment once. Returns true if the consumer is known to read. */
  check(lags: readonly PartitionLag[], nowMs = performance.now()): boolean {
    const { detector, topic, source, health, logger, metrics } = this.#options;
    const verdict = this.#watch.check({ inFlight: source.inFlight, partitions: lags }, nowMs);
    if (verdict.kind === 'moving') {
      // A consumer that is being reopened reports no lags. Health stays red until it does.
      if (lags.length > 0) health.set(this.#part, { healthy: true, ready: true, detail: 'reading' });
      return lags.length > 0;
    }
    const { partitions, forMs } = verdict;
    const seconds = Math.round(forMs / 1_000);
    const where = partitions.map((partition) => `${topic}[${partition}]`).join(', ');
    const detail = `${where}: records are waiting, but none has been read for ${seconds} s`;
    health.set(this.#part, { healthy: false, ready: false, detail });
    logger.warn({ detector, topic, partitions, seconds }, 'the consumer has stalled');
    if (verdict.kind === 'suspect') return false;
    metrics.consumerStalls.inc({ detector });
    source.abandon(
      new FlowlineError('FLOWLINE_CONSUMER_STALLED', `The Kafka consumer of ${detector} has stalled: ${detail}.`, {
        where,
        remedy: 'None needed: it is reopened and resumes at the offset in Postgres.',
        retryable: true,
      }),
    );
    return false;
  }

  /** Notes that the brokers did not say how far their logs reach: nothing can be read either. */
  missed(error: unknown): void {
    this.#watch.forget();
    const detail = `waiting: ${messageOf(error)}`;
    this.#options.health.set(this.#part, { healthy: true, ready: false, detail });
  }

  /** Removes the consumer from the health report at the end of a run. */
  end(): void {
    this.#options.health.delete(this.#part);
  }
}
