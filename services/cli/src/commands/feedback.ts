import {
  type FeedbackTarget,
  getDetector,
  giveFeedback,
  listFeedback,
  type StoredFeedback,
  verdicts,
} from '@flowline/db';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseChoice, parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

/** `flowline feedback add|ls`: says what anomalies and alerts were, and lists what was said. */
export function feedbackCommand(): Command {
  return new Command('feedback')
    .description('Say what anomalies and alerts were; what is confirmed never enters a training.')
    .addCommand(addCommand())
    .addCommand(listCommand());
}

interface AddOptions {
  readonly json?: true;
  readonly note?: string;
  readonly by?: string;
}

function addCommand(): Command {
  return command('add <id> <verdict>', `Answer an anomaly or an alert by its id: ${verdicts.join(', ')}.`, [
    'flowline feedback add 1207 confirmed --note "disk full"',
    'flowline feedback add 0b6c3c5e-8a1f-5d1e-9a53-6f1f3c2b7d10 expected --by ana',
  ])
    .option('--note <text>', 'a note, for people')
    .option('--by <name>', 'who answers (default: the database user)')
    .action(
      action(async (id: string, word: string, { note, by, json }: AddOptions) => {
        const verdict = parseChoice('<verdict>', word, verdicts);
        const target = targetOf(id);
        const answer = { verdict, ...(note === undefined ? {} : { note }), ...(by === undefined ? {} : { by }) };
        const stored = await withDatabase((db) => giveFeedback(db, target, answer));
        printResult(stored, json === true, () => formatAdded(stored));
      }),
    );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const targetOf = (id: string): FeedbackTarget =>
  UUID.test(id) ? { alertId: id } : { anomalyId: parseCount('<id>', id) };

function formatAdded(stored: StoredFeedback): string {
  const said = `${subjectOf(stored)} of ${stored.detector}: ${stored.verdict}`;
  if (stored.verdict === 'confirmed') return `${said}; excluded from training`;
  if (stored.verdict === 'expected') return `${said}; \`flowline rules propose ${stored.detector}\` shows what follows`;
  return stored.verdict === 'new_normal' ? `${said}; \`flowline train ${stored.detector}\` retrains now` : said;
}

interface ListOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly before?: string;
  readonly limit: string;
}

function listCommand(): Command {
  return command('ls', 'List answers, latest first.', [
    'flowline feedback ls --detector checkout-latency',
    'flowline feedback ls --json',
  ])
    .option('--detector <name>', 'only this detector')
    .option('--before <id>', 'only entries before this id, the last one of the previous page')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async ({ detector, before, limit, json }: ListOptions) => {
        const filter = {
          limit: parseCount('--limit', limit),
          ...(detector === undefined ? {} : { detector }),
          ...(before === undefined ? {} : { before: parseCount('--before', before) }),
        };
        const answers = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listFeedback(db, filter);
        });
        printResult(answers, json === true, () => formatAnswers(answers));
      }),
    );
}

const subjectOf = ({ anomalyId, alertId }: StoredFeedback): string =>
  alertId === null ? `anomaly ${anomalyId ?? ''}` : `alert ${alertId}`;

function formatAnswers(answers: readonly StoredFeedback[]): string {
  if (answers.length === 0) return 'no answers yet: `flowline feedback add <id> <verdict>` gives one';
  return formatTable(
    ['id', 'at', 'detector', 'about', 'verdict', 'counts', 'feature', 'by', 'note'],
    answers.map((answer) => [
      ...[answer.feedbackId, formatTime(answer.at), answer.detector, subjectOf(answer), answer.verdict],
      ...[answer.counts ? 'yes' : 'replaced', answer.feature ?? '', answer.by, answer.note ?? ''],
    ]),
  );
}
