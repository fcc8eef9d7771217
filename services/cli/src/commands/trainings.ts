import { promotionModes } from '@flowline/config';
import { cancelTraining, getTrainingRun, listTrainingRuns, requestTraining, type TrainingRun } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { type ShownRun, shownRun } from '@flowline/operations';
import { Command } from 'commander';

import { action, choice, command } from '../command.ts';
import { formatTable, formatTime, printResult } from '../output.ts';
import { parseChoice, parseCount } from '../parse-options.ts';
import { withDatabase } from '../with-database.ts';

interface Options {
  readonly json?: true;
}

/** `flowline trainings ls|show|start|cancel`: training runs, and requests of running trainers. */
export function trainingsCommand(): Command {
  return new Command('trainings')
    .description('Watch and cancel training runs, and request one of a running trainer.')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(startCommand())
    .addCommand(cancelCommand());
}

function listCommand(): Command {
  return command('ls [detector]', 'List training runs, newest first.', [
    'flowline trainings ls',
    'flowline trainings ls checkout-latency --limit 100',
  ])
    .option('--limit <count>', 'at most so many', '20')
    .action(
      action(async (detector: string | undefined, { limit, json }: Options & { readonly limit: string }) => {
        const runs = await withDatabase((db) => listTrainingRuns(db, detector, parseCount('--limit', limit)));
        printResult(runs.map(shownRun), json === true, formatRuns);
      }),
    );
}

function showCommand(): Command {
  return command('show <run>', 'Show a training run: its phase, its progress and its result.', [
    'flowline trainings show 7',
    'flowline trainings show 7 --json | jq .progress',
  ]).action(
    action(async (text: string, { json }: Options) => {
      const runId = parseCount('<run>', text);
      const run = await withDatabase(async (db) => found(await getTrainingRun(db, runId), runId));
      printResult(shownRun(run), json === true, formatRun);
    }),
  );
}

function startCommand(): Command {
  return command('start <detector>', 'Request a training of a running trainer; `train` trains in this process.', [
    'flowline trainings start checkout-latency',
    'flowline trainings start checkout-latency --json | jq .runId',
  ])
    .addOption(choice('--promote <when>', 'as of `flowline train` (default: training.promote)', promotionModes))
    .action(
      action(async (detector: string, { promote, json }: Options & { readonly promote?: string }) => {
        const promotion = promote === undefined ? null : parseChoice('--promote', promote, promotionModes);
        const run = await withDatabase((db) => requestTraining(db, { detector, promotion }));
        printResult(shownRun(run), json === true, formatRun);
      }),
    );
}

function cancelCommand(): Command {
  return command('cancel <run>', 'Cancel a training run that waits or runs; the champion stays.', [
    'flowline trainings cancel 7',
  ]).action(
    action(async (text: string, { json }: Options) => {
      const runId = parseCount('<run>', text);
      const run = await withDatabase(async (db) => found(await cancelTraining(db, runId), runId));
      printResult(shownRun(run), json === true, formatRun);
    }),
  );
}

function formatRuns(runs: readonly ShownRun[]): string {
  if (runs.length === 0) return 'no training runs';
  return formatTable(
    ['run', 'detector', 'status', 'phase', 'started', 'model', 'note'],
    runs.map((run) => [
      ...[run.runId, run.detector, run.status, run.phase],
      run.startedAt === null ? '' : formatTime(run.startedAt),
      run.modelVersion ?? '',
      run.note ?? errorOf(run) ?? '',
    ]),
  );
}

function formatRun(run: ShownRun): string {
  const { runId, detector, detectorVersion, status, phase, requestedBy, startedAt, finishedAt, modelVersion } = run;
  const rows: readonly (readonly [string, string | null])[] = [
    ['status', status === 'running' ? `running, ${phase}${progressOf(run)}` : status],
    ['note', run.note],
    ['asked by', requestedBy],
    ['started', startedAt === null ? null : formatTime(startedAt)],
    ['ended', finishedAt === null ? null : formatTime(finishedAt)],
    ['model', modelVersion === null ? null : `version ${modelVersion}${run.promoted === true ? ', promoted' : ''}`],
    ['error', errorOf(run)],
    ['retry at', run.retryAt === null ? null : formatTime(run.retryAt)],
  ];
  return [
    `${run.kind} run ${runId} of ${detector}, definition version ${detectorVersion}`,
    ...rows.flatMap(([label, text]) => (text === null ? [] : [`  ${label.padEnd(8)} ${text}`])),
  ].join('\n');
}

function progressOf({ progress }: ShownRun): string {
  const { share, step, steps } = (progress ?? {}) as Partial<Record<'share' | 'step' | 'steps', number | null>>;
  const steppings = step == null || steps == null ? '' : `, step ${step} of ${steps}`;
  return share == null ? '' : ` ${Math.round(share * 100)} %${steppings}`;
}

function errorOf({ error }: ShownRun): string | null {
  const { message = null } = (error ?? {}) as { readonly message?: string | null };
  return message;
}

function found(run: TrainingRun | null, runId: number): TrainingRun {
  if (run !== null) return run;
  throw new FlowlineError('FLOWLINE_NOT_FOUND', `There is no training run ${runId}.`, {
    where: `training run ${runId}`,
    remedy: 'List them with `flowline trainings ls`.',
  });
}
