import { type DetectorDefinition, type Settings, TOPIC_SINK } from '@flowline/config';
import { type CommitOptions, type Database, outboxQueues, outboxStatus, relayQueue } from '@flowline/db';
import { createKafkaSink, type KafkaClient } from '@flowline/kafka';
import { alertAddressesOf, alertRulesOf } from '@flowline/operations';
import { type LinksOf, linksOfSettings, withLinks } from '@flowline/sinks';
import { type AlertSink, createStdoutSink } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import type { AlertsChoice } from '../arguments.ts';
import { ExplanationHold } from './explanation-hold.ts';
import { openSinks } from './open-sinks.ts';
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
  /** Settings of links in messages; by default there are none. */
  readonly settings?: Pick<Settings, 'links'>;
}

/** Sources that a process scores at the moment. */
export interface ScoredSources {
  readonly detectors: readonly string[];
  /** Topics of the detectors, or the name of a file. */
  readonly topics: readonly string[];
}

/**
 * Starts relaying alerts from the outbox. Null when alerts are off. `sinks`: to the sinks that the
 * detectors listed name; `kafka`: to the topics of these detectors alone; `stdout`: those of the
 * sources that this process has scored.
 */
export function openAlerts(parts: AlertParts, choice: AlertsChoice, sources: () => ScoredSources): Alerts | null {
  if (choice === 'none') return null;
  const own = openOwn(parts, choice === 'stdout' ? 'stdout' : 'kafka', sources);
  if (choice !== 'sinks') return own;
  const { relay, close } = openSinks({ ...parts, linksOf: linksOf(parts), detectors: () => sources().detectors });
  relay.start();
  return {
    drain: async () => {
      await relay.stop();
      // A sink that fails must not keep the topic from its messages, nor the reverse.
      const ends = await Promise.allSettled([own.drain(), relay.drain()]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
    close: async () => {
      await Promise.all([own.close(), relay.stop()]);
      await close();
      await relay.ended();
    },
  };
}

const linksOf = ({ settings }: AlertParts): LinksOf | null =>
  settings === undefined ? null : linksOfSettings(settings);

/** Relays to a sink that the process has of its own: the topics of its detectors, or its output. */
function openOwn(parts: AlertParts, addressee: 'kafka' | 'stdout', sources: () => ScoredSources): Alerts {
  const { db, logger, metrics, kafka } = parts;
  let opened: AlertSink | undefined;
  const hold = new ExplanationHold();
  const open = (): AlertSink => (addressee === 'kafka' ? createKafkaSink(kafka()) : createStdoutSink());
  const sink = (): AlertSink => (opened ??= withLinks(open(), linksOf(parts)));
  const relay = new OutboxRelay({
    queues: () => {
      const { detectors, topics } = sources();
      return outboxQueues(db, { addressee, detectors, ...(addressee === 'stdout' ? { topics } : {}) });
    },
    relay: (queue) => {
      const holdMs = hold.look(`${queue.detector}/${queue.topic}`);
      return relayQueue(db, sink(), queue, { addressee, holdMs });
    },
    logger,
    onSent: (alerts) => metrics.alerts.inc({ sink: addressee }, alerts),
    onRefused: (alerts) => metrics.alertsRefused.inc({ sink: addressee }, alerts),
  });
  relay.start();
  // Alerts that standard output does not take wait for the next run over the same source.
  if (addressee === 'stdout') process.stdout.once('error', () => relay.abandon());
  return {
    drain: async () => {
      await relay.stop();
      await relay.drain();
    },
    close: async () => {
      await relay.stop();
      await opened?.close();
    },
  };
}

/** Rules of a batch's alerts, and their addresses as {@link openAlerts} looks for them. */
export function alertAddress(
  choice: AlertsChoice,
  { alerts, source }: DetectorDefinition,
  sourceTopic: string,
): Required<Pick<CommitOptions, 'alertTopic' | 'alertSinks' | 'alertRules' | 'oncePerEvent'>> {
  const rules = { alertRules: alertRulesOf(alerts), oncePerEvent: source.eventId !== null };
  switch (choice) {
    case 'none':
      return { ...rules, alertTopic: null, alertSinks: [] };
    case 'stdout':
      return { ...rules, alertTopic: null, alertSinks: [{ sink: 'stdout', topic: sourceTopic }] };
    case 'kafka':
      return { ...rules, alertTopic: alerts.topic, alertSinks: [] };
    case 'sinks':
      return { ...rules, alertTopic: null, alertSinks: alertAddressesOf({ alerts, source }, sourceTopic) };
  }
}

/** True if messages of a detector go to its topic. */
export function hasTopic(choice: AlertsChoice, { alerts }: Pick<DetectorDefinition, 'alerts'>): boolean {
  return choice === 'kafka' || (choice === 'sinks' && alerts.sinks.includes(TOPIC_SINK));
}

/** Updates the gauges of pending alerts and of alerts that the sink has refused. */
export async function updateOutboxGauges(db: Database, metrics: Metrics, choice: AlertsChoice): Promise<void> {
  if (choice === 'none') return;
  const { pending, dead } = await outboxStatus(db, choice === 'sinks' ? null : choice);
  metrics.outboxPending.set(pending);
  metrics.outboxDead.set(dead);
}
