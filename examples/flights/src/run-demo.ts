import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { type DetectorDefinition, loadDetectorFile, storedDefinition } from '@flowline/config';
import { applyDetector, connect, type Database, listTrainingRuns, migrate } from '@flowline/db';

import { startEmbeddedPostgres } from '@flowline/embedded-postgres';
import { demoTables } from './demo-tables.ts';
import type { FlightEvent } from './faults.ts';
import { measure, type DemoMeasures } from './measure.ts';
import { detectorFile, eventLine, prepareFlights } from './prepare-flights.ts';
import { replayFile } from './replay-file.ts';
import { replayKafka } from './replay-kafka.ts';
import { runForResult } from './run-for-result.ts';

/** Options of {@link runDemo}. */
export interface DemoOptions {
  /** Brokers to replay through; null to replay from a file. */
  readonly brokers: readonly string[] | null;
  /** Leave Postgres running. */
  readonly keep: boolean;
  /** Folder for the files of this run alone. */
  readonly folder: string;
  /** Number of flights of history, and of later flights to replay. */
  readonly historyRows: number;
  readonly events: number;
  readonly seed: number;
  /** Called with progress messages, one line each. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Result of {@link runDemo}. */
export interface DemoResult extends DemoMeasures {
  readonly eventsPerSecond: number;
  /** Validation losses of the training in nats, by step. */
  readonly losses: readonly number[];
  readonly trainSeconds: number;
  readonly seconds: number;
  /** Backend that scored; null if only the scorer's log has it. */
  readonly backend: string | null;
  /** Access to the Postgres that was kept running; null if it was stopped. */
  readonly kept: { readonly url: string; readonly stopCommand: string } | null;
  readonly eventsFile: string | null;
}

/**
 * Runs the whole job on real flights: history → train → replay later flights with faults → measure.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { say, signal } = options;
  const startedMs = performance.now();
  const definition = await loadDetectorFile(detectorFile);
  const { history, events, airports } = await prepareFlights(options);
  signal.throwIfAborted();

  const postgres = await startEmbeddedPostgres(path.join(options.folder, 'postgres'), demoTables(history, airports));
  if (postgres.movedBecause !== null) say(`Postgres lives in ${postgres.folder}: ${postgres.movedBecause}.`);
  let stopPostgres = true;
  try {
    const db = await connect(postgres.url, { applicationName: 'flowline demo', poolSize: 2 });
    try {
      signal.throwIfAborted();
      const measured = await trainAndReplay(db, postgres.url, definition, events, options);
      signal.throwIfAborted();
      if (options.keep) postgres.leaveRunning();
      stopPostgres = !options.keep;
      return {
        ...measured,
        seconds: round((performance.now() - startedMs) / 1000),
        kept: options.keep ? { url: postgres.url, stopCommand: postgres.stopCommand } : null,
      };
    } finally {
      await db.close();
    }
  } finally {
    if (stopPostgres) {
      await postgres.stop();
      await rm(options.folder, { recursive: true, force: true });
    }
  }
}

async function trainAndReplay(
  db: Database,
  url: string,
  definition: DetectorDefinition,
  events: readonly FlightEvent[],
  { brokers, folder, say, signal }: DemoOptions,
): Promise<Omit<DemoResult, 'seconds' | 'kept'>> {
  const env = { FLOWLINE_DATABASE_URL: url, FLOWLINE_LOG_LEVEL: process.env.FLOWLINE_LOG_LEVEL ?? 'warn' };
  const migrations = await migrate(db);
  say(`Postgres is ready: ${migrations.length} migrations applied.`);
  const kafka = brokers === null ? null : await replayKafka.prepare(brokers, definition);
  const applied = await applyDetector(db, storedDefinition(kafka?.definition ?? definition));
  say(`Detector ${definition.name}, version ${applied.version}, is in force. Training …`);

  const trainingMs = performance.now();
  const trained = await runForResult('trainer', ['--once', definition.name, '--json'], env, signal);
  const trainSeconds = round((performance.now() - trainingMs) / 1000);
  say(`Trained in ${trainSeconds} s: model version ${String(trained.modelVersion)} is the champion. Replaying …`);

  const eventsFile = path.join(folder, 'events.ndjson');
  if (kafka === null) await writeFile(eventsFile, events.map(eventLine).join(''));
  const replayed =
    kafka === null
      ? await replayFile(eventsFile, definition.name, env, signal)
      : await kafka.replay(
          db,
          events.map((event) => ({ key: event.origin, value: eventLine(event).trimEnd() })),
          env,
          signal,
        );
  return {
    ...(await measure(db, definition.name, events)),
    losses: await lossesOf(db, definition.name),
    eventsPerSecond: Math.round(events.length / replayed.seconds),
    trainSeconds,
    backend: replayed.backend,
    eventsFile: kafka === null ? path.relative(process.cwd(), eventsFile) : null,
  };
}

/** Validation losses of the first flow of the last training, by step. */
async function lossesOf(db: Database, detector: string): Promise<readonly number[]> {
  const [run] = await listTrainingRuns(db, detector, 1);
  const [curves = []] = (run?.curves ?? []) as readonly (readonly { readonly validationNll: number }[])[];
  return curves.map(({ validationNll }) => validationNll);
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
