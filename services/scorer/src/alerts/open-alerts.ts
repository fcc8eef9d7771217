import type { AlertRules } from '@flowline/alerts';
import type { DetectorDefinition } from '@flowline/config';
import { type CommitOptions, type Database, outboxQueues, outboxStatus, relayQueue } from '@flowline/db';
import { createKafkaSink, type KafkaClient } from '@flowline/kafka';
import { type AlertSink, createStdoutSink } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import type { AlertsChoice } from '../arguments.ts';
import { OutboxRelay } from './outbox-relay.ts';

/** Relay of alerts out of the process. */
export interface Alerts {
  /** Sends all pending alerts, then ends; for the end of a finite source. */
  drain(): Promise<void>;
  /** Ends. Pending alerts stay in the outbox. */
  close(): Promise<void>;
}

export interface AlertParts {
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly kafka: () => KafkaClient;
}

/** Sources that a process scores at the moment. */
export interface ScoredSources {
  readonly detectors: readonly string[];
  /** Topics of the detectors, or the name of a file. */
  readonly topics: readonly string[];
}

/**
 * Starts relaying alerts from the outbox to the sink. Null when alerts are off. The sink `kafka`
 * gets the alerts of all detectors listed; `stdout` gets only those of the sources that this
 * process has scored.
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
  // Alerts that standard output does not take wait for the next run over the same source.
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

/** Rules of a batch's alerts, and their address as {@link openAlerts} looks for it. */
export function alertAddress(
  choice: AlertsChoice,
  { alerts, source }: DetectorDefinition,
  sourceTopic: string,
): Pick<CommitOptions, 'alertTopic' | 'alertSink' | 'oncePerEvent'> & { readonly alertRules: AlertRules } {
  const rules = { alertRules: rulesOf(alerts), oncePerEvent: source.eventId !== null };
  if (choice === 'none') return { ...rules, alertTopic: null };
  return { ...rules, alertSink: choice, alertTopic: choice === 'kafka' ? alerts.topic : sourceTopic };
}

/** Rules of a detector by which anomalies become alerts. */
function rulesOf({ severity, ...alerts }: DetectorDefinition['alerts']): AlertRules {
  return { ...alerts, severityBits: severity };
}

/** Updates the gauges of pending alerts and of alerts that the sink has refused. */
export async function updateOutboxGauges(db: Database, metrics: Metrics, choice: AlertsChoice): Promise<void> {
  if (choice === 'none') return;
  const { pending, dead } = await outboxStatus(db, choice);
  metrics.outboxPending.set(pending);
  metrics.outboxDead.set(dead);
}
