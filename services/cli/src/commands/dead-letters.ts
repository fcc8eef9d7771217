import { loadSettings, requireKafkaBrokers } from '@flowline/config';
import { getDetector, listDeadLetters, type StoredDeadLetter } from '@flowline/db';
import { bytesAsText, redriveToTopics } from '@flowline/operations';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ListOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly reason?: string;
  readonly before?: string;
  readonly limit: string;
}

/** `flowline dlq ls|redrive`: lists and redrives the records that could not be scored. */
export function deadLettersCommand(): Command {
  return new Command('dlq')
    .description('Inspect records that could not be scored, and send them to their topic again.')
    .addCommand(listCommand())
    .addCommand(redriveCommand());
}

function listCommand(): Command {
  return command('ls', 'List dead letters, latest first, with their reason and origin.', [
    'flowline dlq ls',
    'flowline dlq ls --detector checkout-latency --reason missing_field',
    'flowline dlq ls --limit 1000 --json | jq -r ".[] | [.reason, .message] | @tsv" | sort | uniq -c',
  ])
    .option('--detector <name>', 'only this detector')
    .option('--reason <reason>', 'only this reason')
    .option('--before <id>', 'only entries before this id, the last one of the previous page')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async (options: ListOptions) => {
        const { detector, reason, before } = options;
        const filter = {
          limit: parseCount('--limit', options.limit),
          ...(detector === undefined ? {} : { detector }),
          ...(reason === undefined ? {} : { reason }),
          ...(before === undefined ? {} : { before: parseCount('--before', before) }),
        };
        const letters = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listDeadLetters(db, filter);
        });
        printResult(letters.map(toOutput), options.json === true, () => formatLetters(letters));
      }),
    );
}

interface RedriveOptions {
  readonly json?: true;
  readonly reason?: string;
  readonly id?: readonly string[];
  readonly limit?: string;
  readonly again?: true;
}

function redriveCommand(): Command {
  return command(
    'redrive <detector>',
    'Send dead letters back to their partition with their original key, value and headers, once each.',
    [
      'flowline dlq redrive checkout-latency --reason missing_field',
      'flowline dlq redrive checkout-latency --id 17 --id 18',
      'flowline dlq redrive checkout-latency --again   # also letters that were sent again before',
    ],
  )
    .option('--reason <reason>', 'only this reason')
    .option('--id <id>', 'only this id; may be repeated', (id: string, ids: string[] | undefined) => [
      ...(ids ?? []),
      id,
    ])
    .option('--limit <count>', 'maximum number of letters, oldest first')
    .option('--again', 'also letters that were sent again before')
    .action(
      action(async (detector: string, options: RedriveOptions) => {
        const filter = {
          detector,
          ...(options.reason === undefined ? {} : { reason: options.reason }),
          ...(options.id === undefined ? {} : { ids: options.id.map((id) => parseCount('--id', id)) }),
          ...(options.limit === undefined ? {} : { limit: parseCount('--limit', options.limit) }),
          again: options.again === true,
        };
        const settings = loadSettings();
        const access = { ...settings.kafka, brokers: requireKafkaBrokers(settings) };
        const { sent, skipped, reasons } = await withDatabase(async (db) => {
          await getDetector(db, detector);
          return redriveToTopics(db, access, filter);
        });
        const result = { detector, redriven: sent, ...(skipped === 0 ? {} : { skipped, reasons }) };
        printResult(result, options.json === true, () => {
          const said = sent === 0 ? 'nothing to send again' : `${detector}: ${sent} sent back to their topic`;
          return skipped === 0 ? said : `${said}; ${skipped} skipped:\n  ${reasons.slice(0, REASONS).join('\n  ')}`;
        });
      }),
    );
}

/** Maximum number of reasons printed. */
const REASONS = 5;

function toOutput(letter: StoredDeadLetter) {
  return { ...letter, key: bytesAsText(letter.key), value: bytesAsText(letter.value) };
}

function formatLetters(letters: readonly StoredDeadLetter[]): string {
  if (letters.length === 0) return 'no dead letters';
  return formatTable(
    ['id', 'stored', 'detector', 'record', 'reason', 'again', 'what'],
    letters.map((letter) => [
      letter.deadLetterId,
      formatTime(letter.storedAt),
      letter.detector,
      `${letter.topic}-${letter.partition}-${letter.offset}`,
      letter.reason,
      letter.redrivenAt === null ? '' : formatTime(letter.redrivenAt),
      letter.message,
    ]),
  );
}
