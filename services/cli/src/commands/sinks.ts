import { loadSettings, requireKafkaBrokers, type SinkSpec } from '@flowline/config';
import { shownSpec, type SinkTest, testSink } from '@flowline/operations/documents';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { exitCodes, printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';
import { resourceCommands } from './resources.ts';

interface Options {
  readonly json?: true;
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
      const settings = loadSettings();
      const kafka = () => ({ ...settings.kafka, brokers: requireKafkaBrokers(settings) });
      const outcome = await withDatabase((db) => testSink(db, name, { kafka, env: process.env, settings }));
      printResult(outcome, json === true, formatOutcome);
      return outcome.outcome === 'accepted' ? exitCodes.ok : exitCodes.gateFailed;
    }),
  );
}

function formatOutcome({ sink, outcome, messageId, error, remedy }: SinkTest): string {
  if (error === null) return `sink ${sink} has accepted the test message ${messageId}`;
  return [
    `sink ${sink} has not accepted the test message (${outcome}): ${error}`,
    ...(remedy === null ? [] : [`  remedy: ${remedy}`]),
  ].join('\n');
}
