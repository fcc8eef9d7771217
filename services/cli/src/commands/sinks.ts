import { loadSettings, readResource, requireKafkaBrokers, type SinkSpec } from '@flowline/config';
import { getResource } from '@flowline/db';
import { FlowlineError, messageOf } from '@flowline/events';
import { createKafkaClient, createKafkaSink } from '@flowline/kafka';
import { createSink, linksOfSettings } from '@flowline/sinks';
import type { AlertSink } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { exitCodes, printResult } from '../output.ts';
import { shownSpec } from '../sinks-shown.ts';
import { testMessage } from '../test-message.ts';
import { withDatabase } from '../with-database.ts';
import { resourceCommands } from './resources.ts';

interface Options {
  readonly json?: true;
}

/** Outcome of a test message. */
interface TestOutcome {
  readonly sink: string;
  readonly outcome: 'accepted' | 'refused' | 'failed';
  readonly messageId: string;
  /** Reason why it was not accepted; null if it was. */
  readonly error: string | null;
  readonly remedy: string | null;
}

/** `flowline sinks ls|show|rm|test`: the sinks in force, and whether they take messages. */
export function sinksCommand(): Command {
  return resourceCommands('Sink', 'sinks', (spec) => shownSpec(spec as SinkSpec)).addCommand(testCommand());
}

function testCommand(): Command {
  return command('test <name>', 'Send a message that is marked as a test to a sink, and print the outcome.', [
    'flowline sinks test oncall',
    'flowline sinks test oncall --json | jq .outcome',
  ]).action(
    action(async (name: string, { json }: Options) => {
      const { spec } = await withDatabase((db) => getResource(db, { kind: 'Sink', name }));
      const outcome = await tested(name, readResource('Sink', name, spec));
      printResult(outcome, json === true, formatOutcome);
      return outcome.outcome === 'accepted' ? exitCodes.ok : exitCodes.gateFailed;
    }),
  );
}

async function tested(name: string, spec: SinkSpec): Promise<TestOutcome> {
  const { sink } = createSink(name, spec, {
    ...{ kafka: kafkaSink, env: process.env, linksOf: linksOfSettings(loadSettings()) },
  });
  const message = testMessage(new Date());
  const { messageId } = message;
  try {
    const [undelivered] = await sink.send([message]);
    if (undelivered === undefined) return { sink: name, outcome: 'accepted', messageId, error: null, remedy: null };
    return failed(name, messageId, undelivered.error, undelivered.refused);
  } catch (error) {
    return failed(name, messageId, error, false);
  } finally {
    await sink.close();
  }
}

function failed(sink: string, messageId: string, error: unknown, refused: boolean): TestOutcome {
  const remedy = error instanceof FlowlineError ? (error.remedy ?? null) : null;
  // The remedies of these are for messages that wait; a test message does not.
  const isOwn = error instanceof FlowlineError && /^FLOWLINE_SINK_(REFUSED|UNREACHABLE)$/.test(error.code);
  return {
    ...{ sink, outcome: refused ? 'refused' : 'failed', messageId, error: messageOf(error) },
    remedy: isOwn ? 'Correct the document of the sink, or mend what it names.' : remedy,
  };
}

function kafkaSink(): AlertSink {
  const settings = loadSettings();
  const { clientId, tls, sasl } = settings.kafka;
  return createKafkaSink(
    createKafkaClient({ brokers: requireKafkaBrokers(settings), clientId, tls, sasl, log: silentLogger }),
  );
}

function formatOutcome({ sink, outcome, messageId, error, remedy }: TestOutcome): string {
  if (error === null) return `sink ${sink} has accepted the test message ${messageId}`;
  return [
    `sink ${sink} has not accepted the test message (${outcome}): ${error}`,
    ...(remedy === null ? [] : [`  remedy: ${remedy}`]),
  ].join('\n');
}
