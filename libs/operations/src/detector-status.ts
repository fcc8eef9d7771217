import { type DetectorDefinition, readDefinition } from '@flowline/config';
import {
  type AlarmRate,
  type ChampionIntervals,
  type Database,
  getDetectorVersion,
  learnedIntervalsOf,
  type LimitedPartition,
  listModels,
  listTrainingRuns,
  listWindowLimits,
  modelAliases,
  type ModelAliases,
  type ModelSummary,
  readAlarmRate,
  readInForce,
  readRepeatStatus,
  type RepeatStatus,
  resourcesInForce,
  type StateReason,
  type StoredDetector,
} from '@flowline/db';

import { type DriftState, driftState } from './drift-state.ts';
import type { TopicLag } from './topic-lag.ts';
import { stateFindings } from './state-findings.ts';

/** Days over which alarms are compared, including today. */
const ALARM_DAYS = 7;

/** State of a detector: which model scores it, since when, and why not the newest. */
export interface DetectorStatus {
  readonly detector: string;
  readonly state: 'scoring' | 'waiting' | 'paused';
  readonly definition: { readonly version: number; readonly appliedAt: Date };
  /** Last report of a scorer; null if there never was one. */
  readonly scoring: {
    readonly definitionVersion: number | null;
    readonly modelVersion: number | null;
    readonly alpha: number | null;
    readonly since: Date | null;
    readonly seenAt: Date | null;
  } | null;
  readonly aliases: ModelAliases;
  readonly newestModel: number | null;
  /** Reasons why the definition in force or the newest model is not in use; empty if both are. */
  readonly findings: readonly StateReason[];
  /** Lag of the topic; null if no broker was queried. */
  readonly lag: TopicLag | null;
  /** Reason why a queried broker gave no lag; null if it did, or if none was queried. */
  readonly lagUnknown: string | null;
  readonly alarms: AlarmRate & { readonly days: number };
  /** Drift of the data since the champion began to score. */
  readonly drift: DriftState;
  /** Partitions whose windows reached limits between their last two snapshots. */
  readonly limitedWindows: readonly LimitedPartition[];
  /** Records that repeat an event id, and partitions that remember too few ids. */
  readonly repeats: RepeatStatus;
}

/**
 * Looks up the state of a detector.
 * @throws FlowlineError if its stored definition cannot be read.
 */
export async function detectorStatus(db: Database, stored: StoredDetector): Promise<DetectorStatus> {
  const { name, version, appliedAt } = stored;
  const definition = readDefinition(stored.definition, `${name}, version ${version}`);
  const [aliases, inForce, models, [run], alarms, limitedWindows, repeats, sinks] = await Promise.all([
    modelAliases(db, name),
    readInForce(db, name),
    listModels(db, name),
    listTrainingRuns(db, name, 1),
    readAlarmRate(db, name, ALARM_DAYS),
    listWindowLimits(db, name),
    readRepeatStatus(db, name),
    resourcesInForce(db, 'Sink'),
  ]);
  const [model] = models;
  const newest =
    model === undefined
      ? null
      : { version: model.version, trainedFor: await definitionOf(db, name, model.detectorVersion) };
  const paused = stored.state === 'paused';
  const trainingError = run?.status === 'failed' ? errorOf(run.error) : null;
  const findings = stateFindings({
    ...{ definition, version, paused, aliases, inForce, newest, trainingError },
    sinks: sinks.map((sink) => sink.name),
    intervals: intervalsOf(models),
  });
  const isScoring = inForce?.modelVersion != null && !findings.some(({ code }) => code === 'FLOWLINE_SCORER_SILENT');
  return {
    detector: name,
    state: paused ? 'paused' : isScoring ? 'scoring' : 'waiting',
    definition: { version, appliedAt },
    scoring:
      inForce === null
        ? null
        : {
            definitionVersion: inForce.detectorVersion,
            modelVersion: inForce.modelVersion,
            alpha: inForce.alpha,
            since: inForce.since,
            seenAt: inForce.seenAt,
          },
    aliases,
    newestModel: newest?.version ?? null,
    findings,
    lag: null,
    lagUnknown: null,
    alarms: { ...alarms, days: ALARM_DAYS },
    drift: await driftState(db, name, aliases.champion),
    limitedWindows,
    repeats,
  };
}

function intervalsOf(models: readonly ModelSummary[]): ChampionIntervals | null {
  const champion = models.find((model) => model.champion);
  return champion === undefined ? null : { version: champion.version, learned: learnedIntervalsOf(champion.manifest) };
}

async function definitionOf(db: Database, name: string, version: number): Promise<DetectorDefinition> {
  const { definition } = await getDetectorVersion(db, name, version);
  return readDefinition(definition, `${name}, version ${version}`);
}

function errorOf(error: unknown): StateReason {
  const { code, message, remedy } = (error ?? {}) as Partial<Record<'code' | 'message' | 'remedy', string | null>>;
  return {
    code: code ?? 'FLOWLINE_TRAINING_FAILED',
    reason: message ?? 'see flowline.training_runs',
    remedy: remedy ?? 'Train again.',
  };
}
