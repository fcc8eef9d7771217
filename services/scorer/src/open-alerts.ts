import { type Database, outboxStatus, relayOutbox } from '@flowline/db';
import { createKafkaSink, type KafkaClient } from '@flowline/kafka';
import { type AlertSink, createStdoutSink } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import type { AlertsChoice } from './arguments.ts';
import { OutboxRelay } from './outbox-relay.ts';

/** The way that alerts leave by. */
export interface Alerts {
  /** Sends what waits, then ends; for the end of a finite source. */
  drain(): Promise<void>;
  /** Ends; what waits stays in the outbox. */
  close(): Promise<void>;
}

export interface AlertParts {
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly kafka: () => KafkaClient;
}

/** Begins to relay the alerts of the detectors that there are at each moment from the outbox to where they are wanted; null where no alert leaves. */
export function openAlerts(parts: AlertParts, choice: AlertsChoice, detectors: () => readonly string[]): Alerts | null {
  if (choice === 'none') return null;
  const sink: AlertSink = choice === 'kafka' ? createKafkaSink(parts.kafka()) : createStdoutSink();
  const relay = new OutboxRelay({
    relay: () => relayOutbox(parts.db, sink, { detectors: detectors() }),
    logger: parts.logger,
    onSent: (alerts) => parts.metrics.alerts.inc({ sink: sink.name }, alerts),
  });
  relay.start();
  return {
    drain: async () => {
      await relay.stop();
      await relay.drain();
    },
    close: async () => {
      await relay.stop();
      await sink.close();
    },
  };
}

/** Brings the gauge of waiting alerts up to date. */
export async function measureOutbox(db: Database, metrics: Metrics): Promise<void> {
  const { pending } = await outboxStatus(db);
  metrics.outboxPending.set(pending);
}
