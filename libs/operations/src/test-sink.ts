import { type Environment, readResource, type Settings } from '@flowline/config';
import { type Database, getResource } from '@flowline/db';
import { FlowlineError, messageOf } from '@flowline/events';
import { createKafkaClient, createKafkaSink } from '@flowline/kafka';
import { createSink, linksOfSettings } from '@flowline/sinks';
import type { AlertSink } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';

import type { KafkaAccess } from './redrive-to-topics.ts';
import { testMessage } from './test-message.ts';

/** Outcome of a test message. */
export interface SinkTest {
  readonly sink: string;
  readonly outcome: 'accepted' | 'refused' | 'failed';
  readonly messageId: string;
  /** Reason why it was not accepted; null if it was. */
  readonly error: string | null;
  readonly remedy: string | null;
}

/** Parts of the process that a test needs. */
export interface SinkTestParts {
  /** Brokers for sinks of kind kafka. @throws FlowlineError if there are none. */
  readonly kafka: () => KafkaAccess;
  /** Variables that secrets refer to. */
  readonly env: Environment;
  /** Settings of the links in messages. */
  readonly settings: Pick<Settings, 'links'>;
}

/** Codes of secrets, and addresses by reference, that cannot be used. */
const ofSecret = /^FLOWLINE_(SECRET_MISSING|CONFIG_INVALID)$/;

/**
 * Sends a message that is marked as a test to a sink in force, from this process.
 * @throws FlowlineError FLOWLINE_RESOURCE_MISSING; that of `kafka`.
 */
export async function testSink(db: Database, name: string, { kafka, env, settings }: SinkTestParts): Promise<SinkTest> {
  const stored = await getResource(db, { kind: 'Sink', name });
  const spec = readResource('Sink', name, stored.spec);
  const message = testMessage(new Date());
  const { messageId } = message;
  let sink: AlertSink | null = null;
  try {
    const toTopic = () => createKafkaSink(createKafkaClient({ ...kafka(), log: silentLogger }));
    ({ sink } = createSink(name, spec, { kafka: toTopic, env, linksOf: linksOfSettings(settings) }));
    const [undelivered] = await sink.send([message]);
    if (undelivered === undefined) return { sink: name, outcome: 'accepted', messageId, error: null, remedy: null };
    return failed(name, messageId, undelivered.error, undelivered.refused);
  } catch (error) {
    // Without brokers there is no sink to test; a secret that is missing is a fault of the sink.
    if (sink === null && !(error instanceof FlowlineError && ofSecret.test(error.code))) throw error;
    return failed(name, messageId, error, false);
  } finally {
    await sink?.close();
  }
}

function failed(sink: string, messageId: string, error: unknown, refused: boolean): SinkTest {
  const remedy = error instanceof FlowlineError ? (error.remedy ?? null) : null;
  // The remedies of these are for messages that wait; a test message does not.
  const isOwn = error instanceof FlowlineError && /^FLOWLINE_SINK_(REFUSED|UNREACHABLE)$/.test(error.code);
  return {
    ...{ sink, outcome: refused ? 'refused' : 'failed', messageId, error: reasonOf(error) },
    remedy: isOwn ? 'Correct the document of the sink, or mend what it names.' : remedy,
  };
}

/** Message of an error; with the option that refers to a secret, for one that is missing. */
function reasonOf(error: unknown): string {
  const isOfSecret = error instanceof FlowlineError && error.code === 'FLOWLINE_SECRET_MISSING';
  return isOfSecret ? `${error.where ?? 'a secret'} ${error.message}` : messageOf(error);
}
