import { type DeadAlert, getDetector, listDeadAlerts, redriveDeadAlerts } from '@flowline/db';
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

/** `flowline alerts dead ls|redrive`: the alerts that were set aside. */
export function deadCommand(): Command {
  return new Command('dead')
    .description('Inspect alerts that their sink rejected, and queue them again.')
    .addCommand(listCommand())
    .addCommand(redriveCommand());
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
