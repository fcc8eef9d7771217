import { getDetector, listWaitingAlerts, setAsideWaitingAlerts, type WaitingAlerts } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { withDatabase } from '../with-database.ts';

interface WaitingOptions {
  readonly json?: true;
  readonly detector?: string;
}

/** `flowline alerts waiting`: the queues of alerts that wait for their sink. */
export function waitingCommand(): Command {
  return command('waiting', 'List the waiting alerts per topic, and why the oldest was not sent.', [
    'flowline alerts waiting',
    'flowline alerts waiting --detector checkout-latency --json',
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

/** `flowline alerts set-aside DETECTOR`: takes a queue out of the way. */
export function setAsideCommand(): Command {
  return command(
    'set-aside <detector>',
    'Set the alerts aside that wait for a topic or a sink, such as one that is gone; they can be redriven.',
    [
      'flowline alerts set-aside checkout-latency --topic old-alerts',
      'flowline alerts set-aside checkout-latency --sink oncall',
    ],
  )
    .option('--topic <topic>', 'topic of the waiting alerts (see `flowline alerts waiting`)')
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
