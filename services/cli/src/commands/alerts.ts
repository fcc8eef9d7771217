import {
  type DeadAlert,
  getDetector,
  listDeadAlerts,
  listWaitingAlerts,
  redriveDeadAlerts,
  setAsideWaitingAlerts,
  type WaitingAlerts,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ListOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly before?: string;
  readonly limit: string;
}

/**
 * `flowline alerts ls|set-aside|dead`: lists the alerts that wait for their sink, takes a queue out
 * of the way, and lists and redrives those that were set aside.
 */
export function alertsCommand(): Command {
  const dead = new Command('dead')
    .description('Inspect alerts that their sink rejected, and queue them again.')
    .addCommand(listCommand())
    .addCommand(redriveCommand());
  return new Command('alerts')
    .description('Inspect alerts on their way to their sink.')
    .addCommand(waitingCommand())
    .addCommand(setAsideCommand())
    .addCommand(dead);
}

interface WaitingOptions {
  readonly json?: true;
  readonly detector?: string;
}

function waitingCommand(): Command {
  return command('ls', 'List the waiting alerts per topic, and why the oldest was not sent.', [
    'flowline alerts ls',
    'flowline alerts ls --detector checkout-latency --json',
  ])
    .option('--detector <name>', 'only this detector')
    .action(
      action(async ({ detector, json }: WaitingOptions) => {
        const queues = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listWaitingAlerts(db, detector);
        });
        printResult(queues, json === true, () => formatQueues(queues));
      }),
    );
}

interface SetAsideOptions {
  readonly json?: true;
  readonly topic?: string;
  readonly sink?: string;
}

function setAsideCommand(): Command {
  return command(
    'set-aside <detector>',
    'Set the alerts aside that wait for a topic or a sink, such as one that is gone; they can be redriven.',
    [
      'flowline alerts set-aside checkout-latency --topic old-alerts',
      'flowline alerts set-aside checkout-latency --sink oncall',
    ],
  )
    .option('--topic <topic>', 'topic of the waiting alerts (see `flowline alerts ls`)')
    .option('--sink <name>', 'sink of the waiting alerts, instead of a topic')
    .action(
      action(async (detector: string, { topic, sink, json }: SetAsideOptions) => {
        const queue = topic !== undefined ? { topic } : sink !== undefined ? { sink } : undefined;
        if (queue === undefined || (topic !== undefined && sink !== undefined)) {
          const options = { where: 'flowline alerts set-aside', remedy: 'Name a topic or a sink.' };
          throw new FlowlineError('FLOWLINE_USAGE', 'Expected exactly one of --topic and --sink.', options);
        }
        const setAside = await withDatabase(async (db) => {
          await getDetector(db, detector);
          return setAsideWaitingAlerts(db, detector, queue);
        });
        printResult({ detector, ...queue, setAside }, json === true, () =>
          setAside === 0
            ? `no alert of ${detector} waits for ${topic ?? sink ?? ''}`
            : `${detector}: ${setAside} set aside`,
        );
      }),
    );
}

function formatQueues(queues: readonly WaitingAlerts[]): string {
  if (queues.length === 0) return 'no alerts are waiting';
  return formatTable(
    ['detector', 'to', 'waiting', 'oldest', 'why'],
    queues.map(({ detector, sink, topic, waiting, oldestAt, error }) => [
      detector,
      `${sink} ${topic}`.trim(),
      waiting,
      formatTime(oldestAt),
      error ?? 'not tried yet',
    ]),
  );
}

function listCommand(): Command {
  return command('ls', 'List alerts that were set aside, latest first, with their topic and the reason.', [
    'flowline alerts dead ls',
    'flowline alerts dead ls --detector checkout-latency --json',
  ])
    .option('--detector <name>', 'only this detector')
    .option('--before <id>', 'only entries before this id, the last one of the previous page')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async (options: ListOptions) => {
        const { detector, before } = options;
        const filter = {
          limit: parseCount('--limit', options.limit),
          ...(detector === undefined ? {} : { detector }),
          ...(before === undefined ? {} : { before: parseCount('--before', before) }),
        };
        const alerts = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listDeadAlerts(db, filter);
        });
        printResult(alerts, options.json === true, () => formatAlerts(alerts));
      }),
    );
}

interface RedriveOptions {
  readonly json?: true;
  readonly id?: readonly string[];
}

function redriveCommand(): Command {
  return command('redrive <detector>', 'Queue alerts that were set aside again; a running scorer sends them.', [
    'flowline alerts dead redrive checkout-latency   # once the topic takes larger messages',
    'flowline alerts dead redrive checkout-latency --id 17 --id 18',
  ])
    .option('--id <id>', 'only this id; may be repeated', (id: string, ids: string[] | undefined) => [
      ...(ids ?? []),
      id,
    ])
    .action(
      action(async (detector: string, options: RedriveOptions) => {
        const ids = options.id?.map((id) => parseCount('--id', id));
        const redriven = await withDatabase(async (db) => {
          await getDetector(db, detector);
          return redriveDeadAlerts(db, detector, ids);
        });
        printResult({ detector, redriven }, options.json === true, () =>
          redriven === 0
            ? 'nothing to send again'
            : `${detector}: ${redriven} queued again; a running scorer sends them`,
        );
      }),
    );
}

function formatAlerts(alerts: readonly DeadAlert[]): string {
  if (alerts.length === 0) return 'no alert was set aside';
  return formatTable(
    ['id', 'set aside', 'detector', 'to', 'bytes', 'attempts', 'why'],
    alerts.map(({ outboxId, deadAt, detector, sink, topic, bytes, attempts, error }) => [
      outboxId,
      formatTime(deadAt),
      detector,
      `${sink} ${topic}`.trim(),
      bytes,
      attempts,
      error ?? '',
    ]),
  );
}
