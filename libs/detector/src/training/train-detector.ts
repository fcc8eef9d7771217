import {
  FlowlineError,
  type EntitySpec,
  type FeatureSpec,
  type LookupTable,
  type ScoringBackend,
} from '@flowline/events';
import { createScorer, type Scorer } from '@flowline/engine';
import { fitEncoding, selectRows, strayRules, type FeatureEncoding, type FeatureTable } from '@flowline/features';
import { initBackend, outlierThreshold, Random, saveFlow, type Flow } from '@flowline/flows';
import { alarmVerdict, designEffect } from '../calibration/alarm-verdict.ts';
import { alarmRateInterval, alarmThreshold } from '../calibration/alpha.ts';
import type { HistoryPart, HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import { fitCalibrationSet, patternPValue, type CalibrationSet } from '../calibration/calibration-set.ts';
import { libraryVersions } from '../bundle/library-versions.ts';
import { logDensities } from '../log-densities.ts';
import { movedFeatures } from './moved-features.ts';
import { recipe, type TrainingData } from './recipe.ts';
import { valueAt } from '../sorted.ts';
import { trainFlow, type MemberReport } from './train-flow.ts';
import { alarmWarnings, calibrationWarnings } from './training-warnings.ts';
import type { AlarmReport, CalibrationReport, HeldOutReport, TrainingReport } from './training-report.ts';

/** Fully resolved training parameters of a detector. */
export interface DetectorTrainingSpec {
  readonly name: string;
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Readonly<Record<string, LookupTable>>;
  /** Entity whose past the windows of the schema read (default null). */
  readonly entity?: EntitySpec | null;
  /** `auto` is Real NVP, the only family so far. */
  readonly family: 'realNVP' | 'auto';
  readonly seed: number;
  /** Number of flows in the ensemble. */
  readonly members: number;
  readonly data: TrainingData;
  /** p-value at or below which an event is an anomaly. It affects only the report. */
  readonly alpha: number;
  /**
   * Time limit for all members together, after which each keeps its best weights. Default: no
   * limit.
   */
  readonly maxMinutes?: number;
  /** Maximum number of steps per member; null or absent: the recipe's. */
  readonly steps?: number | null;
  /** Scoring backend (default `tfjs-wasm`). */
  readonly backend?: ScoringBackend;
  /** Time range of each part of the history, for the model's metadata. */
  readonly times?: HistoryParts<{ readonly fromMs: number; readonly toMs: number }>;
}

/** Progress of a training run. */
export interface TrainingProgress {
  readonly phase: 'features' | 'train' | 'calibrate' | 'test';
  /** Current member, from 1. */
  readonly member: number;
  readonly members: number;
  readonly step: number;
  readonly steps: number;
  readonly trainNll: number | null;
  readonly validationNll: number | null;
}

/** Progress callback and abort signal of a training run. */
export interface TrainDetectorOptions {
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly signal?: AbortSignal;
}

const MINIMUM_TRAIN_ROWS = 100;
/**
 * Level at which the clustering of rare scores is measured: the rarest 5 %, which are enough rows.
 */
const TAIL_LEVEL = 0.05;

/**
 * Trains a detector: fit features → fit flows → calibrate on rows not used in training → evaluate
 * on the newest rows. The same spec, tables and backend give the same bundle, bit for bit (unless
 * maxMinutes cuts training short).
 *
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_FEATURES_INVALID,
 * FLOWLINE_TRAINING_FAILED; FlowError with a code of the same kind from training, FLOWLINE_ABORTED
 * if the signal aborts it.
 */
export async function trainDetector(
  spec: DetectorTrainingSpec,
  tables: HistoryParts<FeatureTable>,
  { onProgress, signal }: TrainDetectorOptions = {},
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const startedMs = performance.now();
  const backend = spec.backend ?? 'tfjs-wasm';
  const tell = progressTeller(spec, onProgress);
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');

  tell('features');
  const encoding = fitEncoding(spec.schema, tables.train, strayRules[spec.data]);
  const members = await trainMembers(spec, encoding, tables, tell, signal);
  const flows = members.map(({ flow }) => flow);
  try {
    const scorer = await createScorer(flows, { backend });
    tell('calibrate');
    const calibrated = await calibrate(spec, encoding, scorer, tables.calibration);
    tell('test');
    const { heldOut, alarms } = await test(spec, encoding, scorer, calibrated, tables.test);
    const moved = movedFeatures(spec.schema, tables.train, tables.test);
    scorer.dispose();
    const report: TrainingReport = {
      seconds: (performance.now() - startedMs) / 1000,
      backend,
      parameterCount: flows.reduce((sum, flow) => sum + flow.parameterCount, 0),
      members: members.map((member) => member.report),
      heldOut,
      calibration: calibrated.report,
      alarms,
      moved,
      warnings: [
        ...encoding.warnings,
        ...calibrationWarnings(spec, calibrated.report, alarms),
        ...alarmWarnings(alarms, moved),
      ],
    };
    return { bundle: bundleOf(spec, tables, encoding, flows, calibrated.calibration, report), report };
  } finally {
    for (const flow of flows) flow.dispose();
  }
}

type Tell = (phase: TrainingProgress['phase'], now?: Partial<TrainingProgress>) => void;

function progressTeller(spec: DetectorTrainingSpec, onProgress: TrainDetectorOptions['onProgress']): Tell {
  const steps = spec.steps ?? recipe.fit.steps;
  const none = { member: 1, members: spec.members, step: 0, steps, trainNll: null, validationNll: null };
  return (phase, now = {}) => onProgress?.({ ...none, ...now, phase });
}

async function trainMembers(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  tables: HistoryParts<FeatureTable>,
  tell: Tell,
  signal: AbortSignal | undefined,
): Promise<readonly { readonly flow: Flow; readonly report: MemberReport }[]> {
  const train = encoding.encode(ordinaryRows(spec, encoding, tables.train));
  const validation = encoding.encode(spaced(ordinaryRows(spec, encoding, tables.validation), recipe.validationRows));
  if (train.size < MINIMUM_TRAIN_ROWS || validation.size === 0) {
    throw new FlowlineError(
      'FLOWLINE_HISTORY_TOO_SMALL',
      `${train.size} rows to train on and ${validation.size} to validate with are too few`,
      { where: 'history', remedy: `widen history.lookback: at least ${MINIMUM_TRAIN_ROWS} training rows are needed` },
    );
  }
  const endMs = performance.now() + (spec.maxMinutes ?? Infinity) * 60_000;
  const members: { flow: Flow; report: MemberReport }[] = [];
  try {
    for (let i = 0; i < spec.members; i++) {
      const trained = await trainFlow(
        encoding,
        { train, validation },
        {
          seed: new Random(spec.seed).fork(`member ${i}`).uint32(),
          data: spec.data,
          steps: spec.steps ?? recipe.fit.steps,
          maxMs: (endMs - performance.now()) / (spec.members - i),
          onProgress: ({ step, trainNll, validationNll }) =>
            tell('train', { member: i + 1, step, trainNll, validationNll }),
          signal,
        },
      );
      members.push(trained);
    }
    return members;
  } catch (error) {
    for (const { flow } of members) flow.dispose();
    throw error;
  }
}

/** Rows to which a density can be fitted: their values lie in their domains, and none is stray. */
function ordinaryRows(spec: DetectorTrainingSpec, encoding: FeatureEncoding, table: FeatureTable): FeatureTable {
  const { outOfDomain } = encoding.encode(table);
  const stray = strayRows(spec, encoding, table);
  const ordinary = Array.from({ length: table.size }, (_, row) => row).filter(
    (row) => outOfDomain[row] === 0 && stray[row] === 0,
  );
  return ordinary.length === table.size ? table : selectRows(table, ordinary);
}

/**
 * 1 for each stray row of a part of the history. All 0 if there are so many that they are a kind of
 * their own.
 */
function strayRows({ data }: DetectorTrainingSpec, encoding: FeatureEncoding, table: FeatureTable): Uint8Array {
  const stray = encoding.strayRows(table);
  const count = stray.reduce((sum, one) => sum + one, 0);
  return count > strayRules[data].share * table.size ? new Uint8Array(table.size) : stray;
}

/** Selects at most `most` rows, evenly spaced in time. */
function spaced(table: FeatureTable, most: number): FeatureTable {
  if (table.size <= most) return table;
  return selectRows(
    table,
    Array.from({ length: most }, (_, i) => Math.floor((i * table.size) / most)),
  );
}

/** Calibration, and the report on its rows. */
interface Calibrated {
  readonly calibration: CalibrationSet;
  readonly report: CalibrationReport;
}

async function calibrate(
  spec: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  scorer: Scorer,
  table: FeatureTable,
): Promise<Calibrated> {
  const { logDensityNats, missingPattern } = await logDensities(scorer, encoding, table);
  const defined = logDensityNats.filter(Number.isFinite);
  const threshold = spec.data === 'unlabelled' && defined.length > 0 ? outlierThreshold(defined) : -Infinity;
  const stray = strayRows(spec, encoding, table);
  const keeps = (logP: number, row: number): boolean => Number.isFinite(logP) && logP >= threshold && stray[row] === 0;
  const kept = logDensityNats.filter(keeps);
  const calibration = fitCalibrationSet(
    kept.map((logP) => -logP),
    missingPattern.filter((_, row) => keeps(valueAt(logDensityNats, row), row)),
    new Random(spec.seed).fork('calibration'),
  );
  const rareBelow = -alarmThreshold(calibration.pooled, TAIL_LEVEL);
  return {
    calibration,
    report: {
      rows: kept.length,
      trimmedRows: defined.length - kept.length,
      trimmedShare: (defined.length - kept.length) / Math.max(1, defined.length),
      undefinedRows: table.size - defined.length,
      undefinedShare: (table.size - defined.length) / Math.max(1, table.size),
      designEffect: designEffect(Uint8Array.from(kept, (logP) => (logP <= rareBelow ? 1 : 0))),
      hasTail: calibration.pooled.tail !== null,
      ownPatterns: calibration.byPattern.size,
    },
  };
}

async function test(
  { alpha }: DetectorTrainingSpec,
  encoding: FeatureEncoding,
  scorer: Scorer,
  { calibration, report }: Calibrated,
  table: FeatureTable,
): Promise<{ readonly heldOut: HeldOutReport | null; readonly alarms: AlarmReport }> {
  const { logDensityNats, missingPattern } = await logDensities(scorer, encoding, table);
  const alarmed = Uint8Array.from(logDensityNats, (logP, row) =>
    patternPValue(calibration, -logP, valueAt(missingPattern, row)).p <= alpha ? 1 : 0,
  );
  const alarms = alarmed.reduce((sum, one) => sum + one, 0);
  // Events like the rows left out of calibration always raise an alarm.
  const always = report.undefinedShare + (1 - report.undefinedShare) * report.trimmedShare;
  const withAlways = (rate: number): number => always + (1 - always) * rate;
  const normal = alarmRateInterval(calibration.pooled, alpha, report.designEffect);
  const interval = normal === null ? null : { low: withAlways(normal.low), high: withAlways(normal.high) };
  return {
    heldOut: heldOutReport(logDensityNats),
    alarms: {
      alpha,
      expectedRate: withAlways(alpha),
      interval,
      testRows: table.size,
      alarms,
      measuredRate: table.size === 0 ? null : alarms / table.size,
      verdict: alarmVerdict({ alarmed, interval }),
    },
  };
}

function heldOutReport(logDensityNats: Float64Array): HeldOutReport | null {
  const nll = logDensityNats.filter(Number.isFinite).map((logP) => -logP);
  const rows = nll.length;
  if (rows === 0) return null;
  const mean = nll.reduce((sum, value) => sum + value / rows, 0);
  const variance = nll.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, rows - 1);
  return {
    rows,
    nllNats: mean,
    standardError: Math.sqrt(variance / rows),
    medianNllNats: valueAt(nll.sort(), Math.floor(rows / 2)),
    undefinedRows: logDensityNats.length - rows,
  };
}

function bundleOf(
  spec: DetectorTrainingSpec,
  tables: HistoryParts<FeatureTable>,
  encoding: FeatureEncoding,
  flows: readonly Flow[],
  calibration: CalibrationSet,
  { backend, heldOut, calibration: calibrated }: TrainingReport,
): ModelBundle {
  const part = (name: keyof HistoryParts<unknown>): HistoryPart => {
    const times = spec.times?.[name];
    return { rows: tables[name].size, fromMs: times?.fromMs ?? null, toMs: times?.toMs ?? null };
  };
  return {
    metadata: {
      detector: spec.name,
      family: 'realNVP',
      members: spec.members,
      seed: spec.seed,
      data: spec.data,
      alpha: spec.alpha,
      backend,
      history: {
        train: part('train'),
        validation: part('validation'),
        calibration: part('calibration'),
        test: part('test'),
      },
      noise: Object.fromEntries(encoding.scored.map(({ feature, sigma }) => [feature, sigma])),
      heldOut: heldOut === null ? null : { nllNats: heldOut.nllNats, standardError: heldOut.standardError },
      calibration: { trimmedRows: calibrated.trimmedRows, undefinedRows: calibrated.undefinedRows },
      libraries: libraryVersions(),
    },
    schema: encoding.schema,
    lookups: spec.lookups,
    entity: spec.entity ?? null,
    encoding,
    flows: flows.map(saveFlow),
    calibration,
  };
}
