import { loadSettings, requireDatabaseUrl } from '@flowline/config';
import { connect, requireMigrated } from '@flowline/db';
import { createLogger, reportError, Shutdown } from '@flowline/telemetry';

import { type Arguments, HELP, readArguments } from './arguments.ts';
import { createProgress } from './progress.ts';
import { serve } from './serve.ts';
import { type TrainerParts, trainOnce, type TrainOutcome } from './train-once.ts';

/**
 * The trainer's program: trains one detector, or all on their schedules until a signal comes, and
 * prints what ended it. Resolves to the exit code of the process.
 */
export async function runTrainer(argv: readonly string[]): Promise<number> {
  try {
    const args = readArguments(argv);
    if (args === null) process.stdout.write(HELP);
    else await run(args);
    return 0;
  } catch (error) {
    return reportError(error, argv.includes('--json'));
  }
}

async function run(args: Arguments): Promise<void> {
  const settings = loadSettings();
  const logger = createLogger({ name: 'trainer', level: settings.logLevel });
  const shutdown = new Shutdown({ logger, deadlineMs: settings.shutdownTimeoutMs });
  const unlisten = shutdown.listen();
  try {
    const db = await connect(requireDatabaseUrl(settings), {
      applicationName: 'flowline trainer',
      poolSize: settings.database.poolSize,
    });
    const parts = {
      db,
      logger,
      progress: createProgress(process.stderr),
      backend: settings.backend,
      signal: shutdown.signal,
    };
    const work = requireMigrated(db).then(() =>
      args.once === null ? serve({ settings, shutdown }, parts) : once(parts, args.once, args),
    );
    // What runs has seen the signal by then: it ends, and stores how, before the connections go.
    shutdown.defer('database', async () => {
      await Promise.allSettled([work]);
      await db.close();
    });
    await work;
  } finally {
    await shutdown.unwind();
    unlisten();
  }
}

async function once(parts: TrainerParts, detector: string, { json, promotion }: Arguments): Promise<void> {
  const outcome = await trainOnce(parts, { detector, scheduledFor: null, promotion });
  if (outcome !== null) process.stdout.write(json ? `${JSON.stringify(outcome)}\n` : `${describe(outcome)}\n`);
}

function describe({ detector, modelVersion, promoted, reason, alpha, seconds, metrics }: TrainOutcome): string {
  const { rows, training } = metrics;
  const heldOut = training.heldOut === null ? '' : `; held-out −log p ${training.heldOut.nllNats.toFixed(3)} nats`;
  return [
    `${detector}: model version ${modelVersion} in ${seconds.toFixed(1)} s, trained on ${rows.train} rows, calibrated on ${rows.calibration}${heldOut}`,
    `  alarms on ${training.alarms.testRows} held-out rows: ${training.alarms.alarms} (alpha ${alpha.toPrecision(3)})`,
    `  ${promoted ? 'it is the champion now' : 'the champion stays'}: ${reason}`,
  ].join('\n');
}
