import {
  type BacklogPiece,
  type ChangedPieces,
  getDetector,
  listBacklogPieces,
  redriveBacklogPieces,
  setBacklogPiecesAside,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { Command } from 'commander';

import { action, command } from '../command.ts';
import { formatTable, formatTime, plural, printResult } from '../output.ts';
import { parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface ListOptions {
  readonly json?: true;
  readonly detector?: string;
  readonly after?: string;
  readonly limit: string;
}

/** `flowline backlog ls|set-aside|redrive`: anomalies of incidents that wait to be written out. */
export function backlogCommand(): Command {
  return new Command('backlog')
    .description('Inspect anomalies of incidents that wait to be written out; set aside those that cannot be.')
    .addCommand(listCommand())
    .addCommand(setAsideCommand())
    .addCommand(redriveCommand());
}

function listCommand(): Command {
  return command('ls', 'List the pieces that wait or were set aside, oldest first, with the reason.', [
    'flowline backlog ls',
    'flowline backlog ls --detector checkout-latency --json',
  ])
    .option('--detector <name>', 'only this detector')
    .option('--after <id>', 'only pieces after this id, the last one of the previous page')
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async ({ detector, after, limit, json }: ListOptions) => {
        const filter = {
          limit: parseCount('--limit', limit),
          ...(detector === undefined ? {} : { detector }),
          ...(after === undefined ? {} : { after: parseCount('--after', after) }),
        };
        const pieces = await withDatabase(async (db) => {
          if (detector !== undefined) await getDetector(db, detector);
          return listBacklogPieces(db, filter);
        });
        printResult(pieces, json === true, formatPieces);
      }),
    );
}

interface ChangeOptions {
  readonly json?: true;
  readonly id?: readonly string[];
}

const repeated = (id: string, ids: readonly string[] | undefined): string[] => [...(ids ?? []), id];

function setAsideCommand(): Command {
  return command(
    'set-aside <detector>',
    'Set pieces aside, so that the anomalies behind them are written out; they stay stored.',
    ['flowline backlog set-aside checkout-latency --id 17   # ids: `flowline backlog ls`'],
  )
    .option('--id <id>', 'id of a piece; may be repeated', repeated)
    .action(
      action(async (detector: string, { id, json }: ChangeOptions) => {
        if (id === undefined) {
          throw new FlowlineError('FLOWLINE_USAGE', 'Expected --id.', {
            where: 'flowline backlog set-aside',
            remedy: 'Name the pieces: `flowline backlog ls` lists them.',
          });
        }
        const ids = id.map((each) => parseCount('--id', each));
        const setAside = await change(detector, (db) => setBacklogPiecesAside(db, detector, ids));
        printResult({ detector, setAside }, json === true, () =>
          setAside.pieces === 0
            ? `nothing is set aside: no piece of ${detector} waits under ${ids.join(', ')}`
            : `${detector}: ${wordsOf(setAside)} set aside; \`flowline backlog redrive ${detector}\` queues them again`,
        );
      }),
    );
}

function redriveCommand(): Command {
  return command('redrive <detector>', 'Queue pieces again that were set aside; a running scorer writes them out.', [
    'flowline backlog redrive checkout-latency',
    'flowline backlog redrive checkout-latency --id 17 --id 18',
  ])
    .option('--id <id>', 'only this id; may be repeated', repeated)
    .action(
      action(async (detector: string, { id, json }: ChangeOptions) => {
        const ids = id?.map((each) => parseCount('--id', each));
        const redriven = await change(detector, (db) => redriveBacklogPieces(db, detector, ids));
        printResult({ detector, redriven }, json === true, () =>
          redriven.pieces === 0
            ? 'nothing to write out again'
            : `${detector}: ${wordsOf(redriven)} queued again; a running scorer writes them out`,
        );
      }),
    );
}

const change = (
  detector: string,
  make: (db: Parameters<typeof getDetector>[0]) => Promise<ChangedPieces>,
): Promise<ChangedPieces> =>
  withDatabase(async (db) => {
    await getDetector(db, detector);
    return make(db);
  });

const wordsOf = ({ pieces, anomalies }: ChangedPieces): string =>
  `${plural(pieces, 'piece')} of ${anomalies} anomalies`;

function formatPieces(pieces: readonly BacklogPiece[]): string {
  if (pieces.length === 0) return 'no anomalies wait to be written out, and none were set aside';
  return formatTable(
    ['id', 'detector', 'topic', 'partition', 'anomalies', 'since', 'attempts', 'state', 'why'],
    pieces.map((piece) => [
      ...[piece.backlogId, piece.detector, piece.topic, piece.partition, piece.anomalies, formatTime(piece.since)],
      ...[piece.attempts, piece.setAsideAt === null ? 'waits' : 'set aside', whyOf(piece)],
    ]),
  );
}

const whyOf = ({ error, setAsideReason }: BacklogPiece): string =>
  [setAsideReason, error].filter((reason) => reason !== null).join('; ');
