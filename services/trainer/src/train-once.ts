import {
  type DetectorDefinition,
  entityOf,
  learnsIntervals,
  type PromotionMode,
  readDefinition,
} from '@flowline/config';
import {
  abandonStaleRuns,
  championVersion,
  type Database,
  getDetector,
  holdModel,
  interruptible,
  type LearnedIntervals,
  type RunKind,
  promote,
  storeModelVersion,
  type UnlearnedIntervals,
  withTrainingLease,
} from '@flowline/db';
import {
  alphaOf,
  type DetectorTrainingSpec,
  modelChoice,
  type ModelBundle,
  partsOf,
  rowsOf,
  saveBundle,
  splitByTime,
  timesOf,
  type TrainDetectorOptions,
  trainDetector,
  type TrainingReport,
} from '@flowline/detector';
import type { ColumnTable } from '@flowline/features';
import type { Logger } from '@flowline/telemetry';

import { compareWithChampion } from './compare-with-champion.ts';
import { learnIntervals } from './learn-intervals.ts';
import type { Progress } from './progress.ts';
import { type ChampionComparison, decidePromotion, type OwnReport, type PromotionDecision } from './promotion.ts';
import { type MadeModel, recalibrated } from './recalibrated.ts';
import { type RecordedRun, recordRun } from './recorded-run.ts';
import { readTrainingHistory, type TrainingHistory } from './training-history.ts';
import { historyMetrics, type TrainingMetrics, trainingMetrics } from './training-metrics.ts';
import { showReading, showTraining, storingProgress } from './training-progress.ts';
import { warmStartOf } from './warm-start.ts';

/** Environment of a training. */
export interface TrainerParts {
  readonly db: Database;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly backend: 'wasm' | 'cpu';
  /** Cancels the training; nothing changes then. */
  readonly signal: AbortSignal;
  /** Receives the model that was stored, with the history that it was made from. */
  readonly onTrained?: ((trained: TrainedModel) => void) | undefined;
}

/** Stored model with the history that it was made from. */
export interface TrainedModel {
  readonly outcome: TrainOutcome;
  readonly bundle: ModelBundle;
  readonly report: TrainingReport;
  /** Features of the history in time order. */
  readonly table: ColumnTable;
  /** The newest rows of the history, which the model was not made from. */
  readonly test: ColumnTable;
  /** Warnings about the history for a person. */
  readonly warnings: readonly string[];
}

/** Request for a training. */
export interface TrainRequest {
  readonly detector: string;
  /** The scheduled time; null if a person requested the training. */
  readonly scheduledFor: Date | null;
  /** `recalibration`: the weights of the champion stay, its p-values are calibrated again. */
  readonly kind?: RunKind;
  /** Promotion mode; null for the one in the definition. */
  readonly promotion: PromotionMode | null;
  /** Id of the request that it takes up; by default none. */
  readonly requestedRun?: number;
}

/** Result of {@link trainOnce}: the stored model version, and whether it was promoted. */
export interface TrainOutcome {
  readonly detector: string;
  readonly detectorVersion: number;
  readonly runId: number;
  readonly modelVersion: number;
  readonly sha256: string;
  readonly promoted: boolean;
  readonly reason: string;
  readonly alpha: number;
  readonly backend: string;
  readonly seconds: number;
  /** Champion after the training; null if there is none, so that nothing scores. */
  readonly champion: number | null;
  /** True if promotion is left to a person (promote: never). */
  readonly byHand: boolean;
  /** Remedy for a model that is held back; null if it is promoted. */
  readonly remedy: string | null;
  /** Metrics of the training, also stored with the run. */
  readonly metrics: TrainingMetrics;
}

/**
 * Trains a detector once: lock → read history → split by time → train, calibrate, test → store an
 * immutable model version → compare with the champion on the same held-out rows → promote or keep.
 * The champion changes in one statement at the end, so a trainer killed at any time leaves the old
 * or the new champion, never a mixture.
 * @returns null if the scheduled time has already been run, or the request been taken up or
 * cancelled.
 * @throws FlowlineError FLOWLINE_TRAINING_BUSY, FLOWLINE_DETECTOR_MISSING,
 * FLOWLINE_HISTORY_INVALID, FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_TRAINING_FAILED, FLOWLINE_ABORTED.
 */
export async function trainOnce(parts: TrainerParts, request: TrainRequest): Promise<TrainOutcome | null> {
  const { db } = parts;
  const logger = parts.logger.child({ detector: request.detector });
  return withTrainingLease(db, request.detector, async (lost) => {
    const cancel = new AbortController();
    const signal = AbortSignal.any([parts.signal, lost, cancel.signal]);
    const abandoned = await abandonStaleRuns(db, request.detector);
    if (abandoned > 0) logger.warn({ runs: abandoned }, 'earlier runs ended without an outcome');
    const { version, definition: stored } = await getDetector(db, request.detector);
    const definition = readDefinition(stored, `${request.detector}, version ${version}`);
    const training = {
      ...parts,
      db: interruptible(db, signal),
      logger,
      signal,
      detectorVersion: version,
      definition,
      promotion: request.promotion ?? definition.training.promote,
      kind: request.kind ?? 'training',
    };
    const outcome = await recordRun({ db, logger, cancel }, { ...request, detectorVersion: version }, (run) =>
      train({ ...training, progress: storingProgress(parts.progress, (now) => run.progress(now)) }, run),
    );
    if (outcome === null) logger.info({ scheduledFor: request.scheduledFor }, 'this training was already run');
    return outcome;
  });
}

interface Training extends TrainerParts {
  readonly definition: DetectorDefinition;
  readonly detectorVersion: number;
  readonly promotion: PromotionMode;
  readonly kind: RunKind;
}

async function train(training: Training, run: RecordedRun): Promise<TrainOutcome> {
  const { db, definition, logger, signal, progress } = training;
  const startedMs = performance.now();

  const showRows = showReading(progress);
  const history = await run.phase('read history', () => readTrainingHistory(db, definition, signal, showRows));
  progress.done();
  for (const warning of history.warnings) logger.warn({}, warning);
  const absence = await learn(training, history.timesMs, run);
  if (absence !== null && 'reason' in absence) logger.warn({}, `no absence is watched: ${absence.reason}`);
  const alpha = alphaOf(definition.decision.control, history.eventsPerDay);
  const spec = trainingSpec(training, history, alpha);
  const options = { signal, onProgress: showTraining(progress) };
  const { bundle, report, detectorVersion, rows, newest } =
    training.kind === 'recalibration'
      ? await run.phase('calibrate', () => recalibrated(training, history, spec, options))
      : await newlyTrained(training, history, spec, { run, ...options });
  progress.done();
  for (const warning of report.warnings) logger.warn({}, warning);
  logger.info({ ...report.scoring }, 'held-out rows scored');

  signal.throwIfAborted();
  // Stored with alpha: another false-alarm rate only needs another alpha for the same model.
  const manifest = {
    ...{ ...bundle.metadata, eventsPerDay: history.eventsPerDay },
    // With their durations, which the bytes of the model leave out.
    ...(report.candidates.length === 0 ? {} : { candidates: report.candidates }),
    ...(absence === null ? {} : { absence }),
  };
  const model = { detector: definition.name, detectorVersion, bytes: saveBundle(bundle), alpha, manifest };
  const stored = await run.phase('store', () => storeModelVersion(db, model));
  const comparison = await run.phase('compare', () => compareWithChampion(training, bundle, newest, alpha));
  signal.throwIfAborted();
  const decision = await run.phase('promote', () => promoteOrHold(training, stored.version, comparison, report));

  const { promote: promoted, reason } = decision;
  logger[promoted ? 'info' : 'warn'](
    { modelVersion: stored.version, promoted, reason, heldOut: report.heldOut, alarms: report.alarms },
    promoted ? 'trained' : 'trained, and held back',
  );
  const outcome = {
    detector: definition.name,
    detectorVersion: training.detectorVersion,
    runId: run.runId,
    modelVersion: stored.version,
    sha256: stored.sha256,
    promoted,
    reason,
    champion: promoted ? stored.version : await championVersion(db, definition.name),
    byHand: training.promotion === 'never',
    remedy: promoted ? null : heldRemedy(definition.name, stored.version),
    alpha,
    backend: report.compute.backend,
    seconds: (performance.now() - startedMs) / 1000,
    metrics: trainingMetrics(history, rows, report, comparison, decision),
  };
  const { table, warnings } = history;
  training.onTrained?.({ outcome, bundle, report, table, test: newest.heldOut, warnings });
  return outcome;
}

/** Splits a history by time and trains new weights on it. */
async function newlyTrained(
  training: Training,
  history: TrainingHistory,
  spec: DetectorTrainingSpec,
  { run, ...options }: Pick<TrainDetectorOptions, 'signal' | 'onProgress'> & { readonly run: RecordedRun },
): Promise<MadeModel> {
  const { logger, definition, detectorVersion } = training;
  const { model } = definition;
  const split = splitByTime(history.timesMs, model.calibration.fraction, spec.family);
  const [tables, rows] = [partsOf(history.table, split), rowsOf(split)];
  logger.info({ ...historyMetrics(history), rows, alpha: spec.alpha }, 'history read and split by time');
  const warm = await warmStartOf(training);
  const full = { ...spec, times: timesOf(history.timesMs, split), ...warm };
  const { bundle, report } = await run.phase('train', () =>
    trainDetector(full, tables, { ...options, checkpoints: run.checkpoints }),
  );
  logger.info({ ...report.compute }, 'flows trained');
  if (report.warmStart !== null) logger.info({ ...report.warmStart }, 'warm start');
  const chosen = report.candidates.find((candidate) => candidate.chosen);
  if (chosen !== undefined) logger.info({ ...chosen, candidates: report.candidates.length }, 'candidate chosen');
  run.curves(report.members.map((member) => member.curves));
  const newest = { heldOut: tables.test, timesMs: history.timesMs.subarray(split.test.start, split.test.end) };
  return { bundle, report, detectorVersion, rows, newest };
}

const learn = async (
  { db, definition, signal }: Training,
  timesMs: Float64Array,
  run: RecordedRun,
): Promise<LearnedIntervals | UnlearnedIntervals | null> =>
  learnsIntervals(definition)
    ? run.phase('learn intervals', () => learnIntervals(db, definition, timesMs, signal))
    : null;

const trainingSpec = (
  { definition, backend }: Training,
  { lookups }: TrainingHistory,
  alpha: number,
): DetectorTrainingSpec => ({
  name: definition.name,
  schema: definition.features,
  lookups,
  entity: entityOf(definition),
  ...modelChoice(definition.model),
  seed: definition.model.seed,
  data: definition.training.data,
  test: definition.decision.test,
  maxMinutes: definition.model.budget.maxMinutes,
  steps: definition.model.budget.steps,
  compute: definition.compute,
  backend: `tfjs-${backend}`,
  alpha,
});

async function promoteOrHold(
  { db, definition, promotion }: Training,
  version: number,
  comparison: ChampionComparison | null,
  own: OwnReport,
): Promise<PromotionDecision> {
  const { name } = definition;
  const decided = decidePromotion(promotion, comparison, own);
  if (decided.promote && (await promote(db, name, version, comparison?.champion ?? null))) return decided;
  const held = decided.promote
    ? { promote: false, reason: 'another model was promoted meanwhile: train again' }
    : decided;
  const { reason } = held;
  await holdModel(db, name, { version, code: 'FLOWLINE_MODEL_HELD', reason, remedy: heldRemedy(name, version) });
  return held;
}

const heldRemedy = (detector: string, version: number): string =>
  `Look at it with \`flowline models show ${detector} ${version}\`; \`flowline models promote ${detector} ${version}\` puts it in force.`;
