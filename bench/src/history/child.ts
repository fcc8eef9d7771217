// A training as the trainer runs it, in its own process: it reads the history, encodes it, takes
// one step, and calibrates.
import { createHash } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { loadSettings, requireDatabaseUrl } from '@flowline/config';
import { connect } from '@flowline/db';
import { partsOf, splitByTime, type TrainingProgress, trainDetector } from '@flowline/detector';
import { at } from '@flowline/events';
import { initBackend } from '@flowline/flows';

import { readTrainingHistory } from '../../../services/trainer/src/training-history.ts';
import { historyDetector, type HistoryShape } from './history-table.ts';

/** Result of a training, printed as one line of JSON. */
export interface ChildResult {
  readonly seconds: number;
  readonly readSeconds: number;
  /** Fit of the encoding, encoding, and one step of training. */
  readonly encodeSeconds: number;
  /** Calibration and evaluation on the held-out rows. */
  readonly calibrateSeconds: number;
  /** Processor time of the trainer, all threads. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly longestHoldMs: number;
  /** Longest hold of each phase. */
  readonly holdsMs: Readonly<Record<string, number>>;
  /** SHA-256 of the encoding, the flow and the calibration: the same for the same rows. */
  readonly model: string;
}

const RESOLUTION_MS = 5;

const shape = JSON.parse(at(process.argv, 2)) as HistoryShape;
const definition = historyDetector(shape);
const db = await connect(requireDatabaseUrl(loadSettings()), { applicationName: 'flowline bench' });
// As the trainer does before it takes a lease.
await initBackend('wasm');
const atStart = process.cpuUsage();
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

type Phase = 'read' | TrainingProgress['phase'];
const seconds: Partial<Record<Phase, number>> = {};
const holdsMs: Partial<Record<Phase, number>> = {};
let phase: Phase = 'read';
let sinceMs = performance.now();
let turnMs = performance.now();

/** Notes the time since the last turn of the event loop as a hold of the phase. */
function noteHold(): void {
  const holdMs = Math.round(performance.now() - turnMs);
  holdsMs[phase] = Math.max(holdsMs[phase] ?? 0, holdMs);
}

setInterval(() => {
  noteHold();
  turnMs = performance.now();
}, RESOLUTION_MS).unref();

/** Ends the phase and begins the next one. */
function enter(next: Phase): void {
  if (next === phase) return;
  noteHold();
  seconds[phase] = (performance.now() - sinceMs) / 1000;
  phase = next;
  turnMs = performance.now();
  sinceMs = performance.now();
}

const { signal } = new AbortController();
const { table, timesMs, lookups } = await readTrainingHistory(db, definition, signal);
const split = splitByTime(timesMs, definition.model.calibration.fraction);
const { name, model, training, features: schema } = definition;
const spec = {
  ...{ name, schema, lookups, family: model.family, seed: model.seed, members: 1, data: training.data },
  ...{ steps: model.budget.steps, alpha: 0.001, backend: 'tfjs-wasm' as const },
};
enter('features');
const onProgress = (progress: TrainingProgress): void => enter(progress.phase);
const { bundle } = await trainDetector(spec, partsOf(table, split), { signal, onProgress });
enter('read');
await new Promise((resolve) => setTimeout(resolve, 2 * RESOLUTION_MS));

const usage = process.cpuUsage(atStart);
const spent = (...phases: readonly Phase[]): number => phases.reduce((sum, each) => sum + (seconds[each] ?? 0), 0);
const result: ChildResult = {
  seconds: spent('read', 'features', 'train', 'calibrate', 'test'),
  readSeconds: spent('read'),
  encodeSeconds: spent('features', 'train'),
  calibrateSeconds: spent('calibrate', 'test'),
  cpuSeconds: (usage.user + usage.system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
  longestHoldMs: Math.max(0, Math.round(delay.max / 1e6 - RESOLUTION_MS)),
  holdsMs,
  model: createHash('sha256')
    .update(JSON.stringify([bundle.encoding, bundle.calibration, [...bundle.calibration.byPattern]]))
    .update(bundle.flows.at(0) ?? '')
    .digest('hex'),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await db.close();
process.exit(0);
