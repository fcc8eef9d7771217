import { type DetectorDefinition, hasSameColumns, modelChanges, readDefinition } from '@flowline/config';
import {
  countEventHistory,
  type Database,
  lastScheduledTime,
  listDetectors,
  getDetectorVersion,
  listModels,
  type ModelSummary,
  listTrainingRuns,
  openTrainingRequests,
  refuseTrainingRequest,
  requestForNewRows,
  requestRecalibration,
  type TrainingRequest,
} from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import type { Health, Logger, Metrics, Shutdown } from '@flowline/telemetry';

import { applyRetentionDaily } from './apply-retention-daily.ts';
import { checkDrift } from './check-drift.ts';
import { type CollectingDetector, trainFirstModels } from './first-models.ts';
import { type OutdatedDetector, trainOutdatedModels } from './outdated-models.ts';
import { type ScheduledDetector, TrainingSchedule } from './schedule.ts';
import { type TrainerParts, trainOnce } from './train-once.ts';
import { observeTraining } from './observe-training.ts';
import { reportPresence } from './report-presence.ts';
import { spreadMs } from './spread.ts';
import { type RecalibratingDetector, recalibrateOnTime } from './recalibrate-on-time.ts';
import { trainRequested } from './requested-runs.ts';
import { type CountingDetector, trainOnNewRows } from './train-on-new-rows.ts';

/** The process around a serving trainer. */
export interface TrainerProcess {
  readonly shutdown: Shutdown;
  readonly health: Health;
  readonly metrics: Metrics;
}

/**
 * Trains detectors on their schedules until the shutdown begins. Resolves once the training in
 * progress has ended.
 */
export async function serve({ shutdown, health, metrics }: TrainerProcess, parts: TrainerParts): Promise<void> {
  const { db, logger } = parts;
  const train = (detector: string, scheduledFor: Date | null) =>
    observeTraining(metrics, detector, () => trainOnce(parts, { detector, scheduledFor, promotion: null }));
  const onError = (detector: string, err: unknown): void => reportFailure(logger, detector, err);
  const schedule = new TrainingSchedule({
    list: () => scheduledDetectors(db, logger),
    lastRun: (detector) => lastScheduledTime(db, detector),
    train,
    onReread: (err, unrunnable) => {
      const ready = err === null && unrunnable.length === 0;
      health.set('schedule', { healthy: true, ready, detail: scheduleDetail(err, unrunnable) });
      if (err !== null) logger.error({ err }, 'the detectors cannot be read; trying again');
    },
    onError,
    signal: shutdown.signal,
  });
  // Trainings that do not wait for a tick.
  const soon = { train: (detector: string) => train(detector, null), onError, logger, signal: shutdown.signal };
  logger.info({ backend: parts.backend }, 'the trainer waits for schedules');
  const first = trainFirstModels({
    list: () => collectingDetectors(db, logger),
    count: (detector, most) => countEventHistory(db, detector, most),
    ...soon,
  });
  const outdated = trainOutdatedModels({
    list: () => outdatedDetectors(db, logger),
    ...soon,
  });
  const requested = trainRequested({
    list: () => openTrainingRequests(db),
    train: (request) => observeTraining(metrics, request.detector, () => trainOnce(parts, requestOf(request))),
    onError: async (request, error) => {
      onError(request.detector, error);
      if (!isPassing(error)) await refuseTrainingRequest(db, request.runId, error);
    },
    ...{ logger, signal: shutdown.signal },
  });
  const drift = checkDrift({
    list: async () =>
      (await activeDetectors(db, logger)).map(({ definition: { name, training } }) => ({
        ...{ name, trains: training.triggers.drift },
      })),
    ...{ db, metrics, logger, signal: shutdown.signal },
  });
  const counting = trainOnNewRows({
    list: () => countingDetectors(db, logger),
    request: (detector, newRows) => requestForNewRows(db, detector, newRows),
    ...{ logger, signal: shutdown.signal },
  });
  const recalibrating = recalibrateOnTime({
    list: () => recalibratingDetectors(db, logger),
    request: (detector, everyMs) => requestRecalibration(db, detector, everyMs),
    ...{ logger, signal: shutdown.signal },
  });
  const presence = reportPresence(db, logger, shutdown.signal);
  const retention = applyRetentionDaily(db, logger, shutdown.signal);
  const polls = [first, outdated, requested, drift, counting, recalibrating];
  await Promise.all([schedule.run(), ...polls, presence, retention]);
}

const requestOf = ({ detector, kind, promotion, runId }: TrainingRequest) => ({
  ...{ detector, kind, promotion, scheduledFor: null, requestedRun: runId },
});

/** True for an error after which the same request may be taken up. */
const isPassing = (error: unknown): boolean => error instanceof FlowlineError && error.retryable;

function scheduleDetail(err: unknown, unrunnable: readonly string[]): string {
  if (err !== null) return 'the detectors cannot be read: see the log';
  if (unrunnable.length === 0) return 'waiting for schedules';
  return `schedules that cannot be run: ${unrunnable.join(', ')} (\`flowline doctor\` says why)`;
}

function reportFailure(logger: Logger, detector: string, err: unknown): void {
  const code = err instanceof Error && 'code' in err ? err.code : null;
  if (code === 'FLOWLINE_TRAINING_BUSY') logger.info({ detector }, 'another trainer is training it');
  else if (code === 'FLOWLINE_ABORTED') logger.warn({ detector, err }, 'training was cancelled');
  else logger.error({ detector, err }, 'training failed');
}

async function scheduledDetectors(db: Database, logger: Logger): Promise<ScheduledDetector[]> {
  return (await activeDetectors(db, logger)).flatMap(({ definition: { name, training }, appliedAt }) => {
    const { schedule, timezone, jitterMs } = training;
    const delayMs = jitterMs === null ? 0 : spreadMs(name, jitterMs);
    return schedule === null ? [] : [{ name, schedule, timezone, delayMs, appliedAt }];
  });
}

async function countingDetectors(db: Database, logger: Logger): Promise<CountingDetector[]> {
  return (await activeDetectors(db, logger)).flatMap(({ definition: { name, training } }) => {
    const { newRows } = training.triggers;
    return newRows === null ? [] : [{ name, newRows }];
  });
}

async function recalibratingDetectors(db: Database, logger: Logger): Promise<RecalibratingDetector[]> {
  return (await activeDetectors(db, logger)).flatMap(({ definition: { name, training } }) =>
    training.recalibrateMs === null ? [] : [{ name, everyMs: training.recalibrateMs }],
  );
}

/**
 * Detectors whose history is stored by the scorer and which have no champion with the features in
 * force.
 */
async function collectingDetectors(db: Database, logger: Logger): Promise<CollectingDetector[]> {
  const collecting: CollectingDetector[] = [];
  for (const { definition, version } of await activeDetectors(db, logger)) {
    if (definition.history.query !== null || (await hasChampionOf(db, definition))) continue;
    const { name, training } = definition;
    collecting.push({ name, version, firstModelRows: training.firstModelRows });
  }
  return collecting;
}

async function hasChampionOf(db: Database, definition: DetectorDefinition): Promise<boolean> {
  const champion = (await listModels(db, definition.name)).find((model) => model.champion);
  return champion !== undefined && hasSameColumns(await definitionOf(db, champion), definition);
}

/**
 * Scheduled detectors whose newest model lacks a change of the definition in force, and for which
 * no training was tried yet.
 */
async function outdatedDetectors(db: Database, logger: Logger): Promise<OutdatedDetector[]> {
  const outdated: OutdatedDetector[] = [];
  for (const { definition, version } of await activeDetectors(db, logger)) {
    const { name, training } = definition;
    if (training.schedule === null) continue;
    const [newest] = await listModels(db, name);
    if (newest === undefined || newest.detectorVersion === version) continue;
    const trainedFor = await definitionOf(db, newest);
    const changes = modelChanges(trainedFor, definition);
    if (changes.length === 0) continue;
    // With changed features, events are collected first: trainFirstModels counts them.
    if (definition.history.query === null && !hasSameColumns(trainedFor, definition)) continue;
    const runs = await listTrainingRuns(db, name, 100);
    if (runs.some((run) => run.kind === 'training' && run.detectorVersion === version && run.status !== 'abandoned'))
      continue;
    outdated.push({ name, version, changes });
  }
  return outdated;
}

/** Definition that a model was trained for. */
async function definitionOf(db: Database, { detector, detectorVersion }: ModelSummary): Promise<DetectorDefinition> {
  const { definition } = await getDetectorVersion(db, detector, detectorVersion);
  return readDefinition(definition, `${detector}, version ${detectorVersion}`);
}

/** Active detectors. A definition that cannot be read is logged and left out. */
async function activeDetectors(
  db: Database,
  logger: Logger,
): Promise<{ readonly definition: DetectorDefinition; readonly version: number; readonly appliedAt: Date }[]> {
  return (await listDetectors(db)).flatMap(({ name, version, definition, appliedAt, state }) => {
    if (state === 'paused') return [];
    try {
      return [{ definition: readDefinition(definition, `${name}, version ${version}`), version, appliedAt }];
    } catch (err) {
      logger.error({ detector: name, err }, 'the definition cannot be read');
      return [];
    }
  });
}
