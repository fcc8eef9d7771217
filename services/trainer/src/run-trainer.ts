import { stderr, stdout } from 'node:process';

import { showsTextCharts } from '@flowline/charts/text';
import { loadSettings, requireDatabaseUrl, type Settings, unknownVariables } from '@flowline/config';
import { connect, type ConnectOptions, type Database, requireMigrated, waitForDatabase } from '@flowline/db';
import { beyondAsked, type MemberReport, type RateInterval } from '@flowline/detector';
import { printableJson, printableLines } from '@flowline/events';
import { initBackend } from '@flowline/flows';
import {
  createLogger,
  createMetrics,
  Health,
  type Logger,
  reportError,
  reportServiceError,
  Shutdown,
  startHealthServer,
  waiting,
} from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { createProgress } from './progress.ts';
import { serve } from './serve.ts';
import { type TrainedModel, type TrainerParts, trainOnce, type TrainOutcome } from './train-once.ts';
import { trainingLines } from './training-lines.ts';
import type { TrainingMetrics } from './training-metrics.ts';

/**
 * Program of the trainer: trains one detector, or all of them on their schedules until a signal
 * comes, and prints the error that ended it. Resolves to the exit code of the process: 3 if a first
 * model was trained and is held back, so that nothing scores.
 */
export async function runTrainer(argv: readonly string[], onTrained?: OnTrained): Promise<number> {
  const json = argv.includes('--json');
  let serves = false;
  try {
    const args = readArguments(argv);
    serves = args?.once === null;
    if (args !== null) return await run(args, onTrained);
    stdout.write(HELP);
    return 0;
  } catch (error) {
    return serves ? reportServiceError('trainer', error, json) : reportError(error, json);
  }
}

type OnTrained = (trained: TrainedModel) => void;

/** Exit code of a check that did not pass. */
const NOTHING_SCORES = 3;

/** Process of a trainer, shared by all modes. */
interface TrainerRun {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

async function run(args: Arguments, onTrained: OnTrained | undefined): Promise<number> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'trainer', level: settings.logLevel });
  for (const warning of unknownVariables()) logger.warn({}, warning);
  const shutdown = new Shutdown({ logger, deadlineMs: settings.shutdownTimeoutMs });
  const unlisten = shutdown.listen();
  try {
    // The first use of tensors holds the event loop: done before a lease is held.
    await initBackend(settings.backend);
    if (args.once !== null) {
      const once = { ...args, detector: args.once, onTrained };
      return exitCodeOf(await trainNow({ settings, logger, shutdown }, once));
    }
    await serveSchedules({ settings, logger, shutdown });
    return 0;
  } finally {
    await shutdown.unwind();
    unlisten();
  }
}

/**
 * Serves health at once, waits for the database, and trains on schedule until the shutdown begins.
 */
async function serveSchedules(run: TrainerRun): Promise<void> {
  const { settings, logger, shutdown } = run;
  const [metrics, health] = [createMetrics(), new Health()];
  if (settings.http !== null) {
    const server = await startHealthServer({ ...settings.http, health, metrics });
    shutdown.defer('health server', () => server.close());
    logger.info({ port: server.port }, 'health and metrics are served');
  }
  const db = await waitForDatabase(requireDatabaseUrl(settings), connection(settings), {
    signal: shutdown.signal,
    onWait: waiting({ health, logger }, 'database'),
  });
  if (db === null) return;
  health.delete('database');
  await withDatabase(run, db, serve({ shutdown, health, metrics }, partsOf(run, db)));
}

interface SingleTraining extends Pick<Arguments, 'json' | 'promotion' | 'recalibrates'> {
  readonly detector: string;
  readonly onTrained: OnTrained | undefined;
}

async function trainNow(
  run: TrainerRun,
  { detector, json, promotion, recalibrates, onTrained }: SingleTraining,
): Promise<TrainOutcome | null> {
  const db = await connect(requireDatabaseUrl(run.settings), connection(run.settings));
  let members: readonly MemberReport[] = [];
  const keep = (model: TrainedModel): void => {
    ({ members } = model.report);
    onTrained?.(model);
  };
  const training = requireMigrated(db).then(() =>
    trainOnce(
      { ...partsOf(run, db), onTrained: keep },
      {
        ...{ detector, scheduledFor: null, promotion },
        kind: recalibrates ? 'recalibration' : 'training',
      },
    ),
  );
  const outcome = await withDatabase(run, db, training);
  if (outcome !== null) {
    const curves = showsTextCharts(stdout, process.env) ? trainingLines(members) : [];
    const text = (): string => [describe(outcome), ...curves.map((line) => `  ${line}`)].join('\n');
    stdout.write(`${json ? printableJson(JSON.stringify(outcome)) : printableLines(text())}\n`);
  }
  return outcome;
}

/**
 * A champion that stays is a normal outcome of a training; a detector without one needs attention.
 */
function exitCodeOf(outcome: TrainOutcome | null): number {
  const isHeldFirst = outcome?.champion === null && !outcome.byHand;
  return isHeldFirst ? NOTHING_SCORES : 0;
}

/**
 * Waits for work and closes the database connections after it has ended, so that work interrupted
 * by a signal can still store its outcome.
 */
async function withDatabase<T>({ shutdown }: TrainerRun, db: Database, work: Promise<T>): Promise<T> {
  shutdown.defer('database', async () => {
    await Promise.allSettled([work]);
    await db.close();
  });
  return work;
}

function partsOf({ settings, logger, shutdown }: TrainerRun, db: Database): TrainerParts {
  const progress = createProgress(stderr);
  return { db, logger, progress, backend: settings.backend, signal: shutdown.signal };
}

const connection = ({ database }: Settings): ConnectOptions => ({
  applicationName: 'flowline trainer',
  poolSize: database.poolSize,
});

function describe({ detector, modelVersion, promoted, reason, remedy, alpha, seconds, metrics }: TrainOutcome): string {
  const { rows, training } = metrics;
  const heldOut = training.heldOut === null ? '' : `; held-out −log p ${training.heldOut.nllNats.toFixed(3)} nats`;
  const trained = training.members.length === 0 ? 'of the same weights' : `trained on ${rows.train} rows`;
  return [
    `${detector}: model version ${modelVersion} in ${seconds.toFixed(1)} s, ${trained}, calibrated on ${training.calibration.rows}${heldOut}`,
    `  alarms on ${training.alarms.testRows} held-out rows: ${training.alarms.alarms} (alpha ${alpha.toPrecision(3)}), ${expectation(training.alarms)}`,
    `  ${promoted ? 'it is the champion now' : 'it is held back, and does not score'}: ${reason}`,
    ...(remedy === null ? [] : [`  → ${remedy}`]),
  ].join('\n');
}

function expectation(alarms: TrainingMetrics['training']['alarms']): string {
  const { expectedRate, interval, testRows } = alarms;
  const count = (rate: number): string => String(Number((rate * testRows).toPrecision(2)));
  const expected = `${count(expectedRate)} expected`;
  if (interval === null) return `${expected}: no rate can be promised`;
  return `${expected} (${count(interval.low)} to ${count(interval.high)}): ${verdictWords(alarms, interval)}`;
}

function verdictWords(alarms: TrainingMetrics['training']['alarms'], { high }: RateInterval): string {
  if (alarms.verdict === 'unclear') {
    const isMore = (alarms.measuredRate ?? 0) > high;
    return `${isMore ? 'MORE' : 'fewer'} than asked, though in bursts that chance may explain; see the warnings`;
  }
  const beyond = alarms.verdict === 'inside' ? beyondAsked(alarms) : null;
  return beyond === null ? VERDICTS[alarms.verdict] : `as expected, but ${beyond}`;
}

const VERDICTS = {
  inside: 'as asked',
  above: 'MORE than asked, see the warnings',
  below: 'fewer than asked',
  untested: 'not tested',
} as const;
