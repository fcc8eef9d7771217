import type { DetectorDefinition } from '@flowline/config';
import { type CommitOptions, type Database, outboxQueues, outboxStatus, relayQueue } from '@flowline/db';
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

/** The sources that a process scores at the moment. */
export interface ScoredSources {
  readonly detectors: readonly string[];
  /** Their topics, or the name of a file. */
  readonly topics: readonly string[];
}

/**
 * Begins to relay alerts from the outbox to where they are wanted; null where no alert leaves. Of those for Kafka, the alerts of the
 * detectors that there are; of those for standard output only what this process has scored: nobody else's.
 */
export function openAlerts(parts: AlertParts, choice: AlertsChoice, sources: () => ScoredSources): Alerts | null {
  if (choice === 'none') return null;
  const { db, logger, metrics } = parts;
  const sink: AlertSink = choice === 'kafka' ? createKafkaSink(parts.kafka()) : createStdoutSink();
  const addressee = sink.name;
  const relay = new OutboxRelay({
    queues: () => {
      const { detectors, topics } = sources();
      return outboxQueues(db, { addressee, detectors, ...(choice === 'stdout' ? { topics } : {}) });
    },
    relay: (queue) => relayQueue(db, sink, queue, { addressee }),
    logger,
    onSent: (alerts) => metrics.alerts.inc({ sink: addressee }, alerts),
    onRefused: (alerts) => metrics.alertsRefused.inc({ sink: addressee }, alerts),
  });
  relay.start();
  // What standard output does not take waits for the next run over the same source.
  if (choice === 'stdout') process.stdout.once('error', () => relay.abandon());
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

/** Where the alerts of a batch are addressed to: what {@link openAlerts} looks for. */
export function alertAddress(
  choice: AlertsChoice,
  { alerts, source }: DetectorDefinition,
  sourceTopic: string,
): Pick<CommitOptions, 'alertTopic' | 'alertSink' | 'oncePerEvent'> {
  if (choice === 'none') return { alertTopic: null };
  return {
    alertSink: choice,
    alertTopic: choice === 'kafka' ? alerts.topic : sourceTopic,
    oncePerEvent: source.eventId !== null,
  };
}

/** Brings the gauges of alerts that wait for a sink, and of those it refuses, up to date. */
export async function measureOutbox(db: Database, metrics: Metrics, choice: AlertsChoice): Promise<void> {
  if (choice === 'none') return;
  const { pending, dead } = await outboxStatus(db, choice);
  metrics.outboxPending.set(pending);
  metrics.outboxDead.set(dead);
}
