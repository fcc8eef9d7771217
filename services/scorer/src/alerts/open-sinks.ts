import { claimForSink, type Database, noteWhyWaiting, settleClaim, waitingSinks } from '@flowline/db';
import { createKafkaSink, type KafkaClient } from '@flowline/kafka';
import type { LinksOf } from '@flowline/sinks';
import type { Undelivered } from '@flowline/stream';
import type { Logger, Metrics } from '@flowline/telemetry';

import { ExplanationHold } from './explanation-hold.ts';
import { OpenAlertResender } from './open-alert-resender.ts';
import { SinkRegistry } from './sink-registry.ts';
import { SinkRelay, type SinkSend } from './sink-relay.ts';

/** Parts of a process that relays messages to sinks by name. */
export interface SinkRelayParts {
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly kafka: () => KafkaClient;
  /** Detectors whose messages it sends. */
  readonly detectors: () => readonly string[];
  readonly linksOf: LinksOf | null;
}

/** Creates the relay of messages to sinks by name, and what closes them. */
export function openSinks(parts: SinkRelayParts): { readonly relay: SinkRelay; readonly close: () => Promise<void> } {
  const { db, logger, metrics, linksOf } = parts;
  const registry = new SinkRegistry(db, { kafka: () => createKafkaSink(parts.kafka()), env: process.env, linksOf });
  const resender = new OpenAlertResender(db, registry, parts);
  const hold = new ExplanationHold();
  const queueOf = (sink: string) => ({ sink, detectors: parts.detectors() });
  const relay = new SinkRelay({
    waiting: async () => {
      await registry.refresh();
      return waitingSinks(db, parts.detectors());
    },
    send: (sink) => sendNext(parts, registry, sink, hold),
    noteWaiting: (sink, reason) => noteWhyWaiting(db, queueOf(sink), reason),
    resend: () => resender.begin(),
    logger,
    onSent: (sink, messages) => metrics.alerts.inc({ sink }, messages),
    onSetAside: (sink, messages) => metrics.alertsRefused.inc({ sink }, messages),
  });
  const close = async (): Promise<void> => {
    await registry.close();
    await resender.end();
  };
  return { relay, close };
}

const UNEXPLAINED = 'messages leave without the explanation that they waited for: explaining them takes too long';

/** Claims the next messages of a sink, sends them and settles the claim. */
async function sendNext(
  { db, detectors, logger }: SinkRelayParts,
  registry: SinkRegistry,
  name: string,
  hold: ExplanationHold,
): Promise<SinkSend> {
  // A sink that was mended is used as it is now, also for what was redriven right after.
  await registry.refresh();
  const { sink, batch, sendMs, retryForMs } = registry.sinkOf(name);
  const queue = { sink: name, detectors: detectors() };
  // A detector that is scored again after a pause has its explanations to catch up with.
  const holdMs = hold.look([name, ...queue.detectors].join('/'));
  const claimed = await claimForSink(db, queue, { claimMs: sendMs, limit: batch, holdMs });
  const unexplained = claimed.filter(({ isUnexplained }) => isUnexplained).length;
  if (unexplained > 0) logger.warn({ sink: name, messages: unexplained }, UNEXPLAINED);
  if (claimed.length === 0) return { claimed: 0, sent: 0, setAside: 0, failure: null };
  const messages = claimed.map(({ messageId, key, headers, value }) => ({ messageId, topic: '', key, headers, value }));
  let undelivered: readonly Undelivered[];
  try {
    undelivered = await sink.send(messages);
  } catch (error) {
    undelivered = messages.map(({ messageId }) => ({ messageId, refused: false, error }));
  }
  return { claimed: claimed.length, ...(await settleClaim(db, claimed, undelivered, { retryForMs })) };
}
