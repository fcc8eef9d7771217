import {
  type DetectorTrainingSpec,
  Detector,
  fewestRows,
  type Scores,
  trainDetector,
  type TrainingData,
  type TrainingReport,
} from '@flowline/detector';
import { at, type DecisionTest, type FeatureSpec, FlowlineError, isAnomalous } from '@flowline/events';
import { type FeatureTable, selectRows } from '@flowline/features';

import { cpuSecondsSince } from './cpu-seconds.ts';
import type { Protocol, ProtocolSplit } from './protocols.ts';
import { rankingMetrics, type RankingMetrics } from './ranking-metrics.ts';

/** Split rows that a detector is trained and tested on. */
export interface SplitRows extends ProtocolSplit {
  readonly schema: readonly FeatureSpec[];
  readonly table: FeatureTable;
  readonly labels: Uint8Array;
  readonly protocol: Protocol;
}

/** Options of {@link evaluateDetector}. */
export interface EvaluateOptions {
  readonly seed: number;
  /** False alarms asked for, per normal row. */
  readonly alpha: number;
  /** Statistic that decides, and by which rows are ranked (default `outlying`). */
  readonly test?: DecisionTest;
  /** Number of flows (default 1). */
  readonly members?: number;
  /** Maximum training steps; null: those of the recipe. */
  readonly steps?: number | null;
  readonly signal?: AbortSignal | undefined;
  /** Called with the trained detector and its scores before it is disposed of. */
  readonly inspect?: ((split: InspectedSplit) => Promise<void>) | undefined;
}

/** Trained detector with the test rows that it has scored. */
export interface InspectedSplit {
  readonly detector: Detector;
  /** Report on the training. It has no alarms of its own rows: those of the split are tested on. */
  readonly report: TrainingReport;
  readonly scores: Scores;
  /** Test rows, each with its label (1 for an anomaly) and its index among all rows. */
  readonly table: FeatureTable;
  readonly labels: Uint8Array;
  readonly rows: Int32Array;
  /** Rows that the flows were trained on. */
  readonly trained: FeatureTable;
}

/** Quality of the detector on one split. */
export interface DetectorEvaluation extends RankingMetrics {
  /** Alarms on the normal test rows: asked for, and raised, per row. */
  readonly alarms: { readonly asked: number; readonly realised: number; readonly normalRows: number };
  readonly trainedRows: number;
  readonly calibrationRows: number;
  /** CPU seconds of training and scoring, on all threads. */
  readonly seconds: number;
  readonly scores: Float64Array;
}

/** Shares of the training rows that select the model, and that calibrate it, at most 1,000 each. */
const [VALIDATION_SHARE, CALIBRATION_SHARE, MOST_ROWS] = [0.1, 0.2, 1_000];

/**
 * Trains the product's detector on the training rows of a split, and ranks its test rows by the
 * score that decides.
 * The last tenth of the training rows selects the model, the fifth before it calibrates its
 * p-values (at most 1,000 rows each). Rows of the contaminated protocol are `unlabelled` history.
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL for a split with too few rows; others of
 *   trainDetector.
 */
export async function evaluateDetector(rows: SplitRows, options: EvaluateOptions): Promise<DetectorEvaluation> {
  const started = process.cpuUsage();
  const parts = partsOf(rows);
  const spec = trainingSpec(rows, options);
  const { bundle, report } = await trainDetector(spec, parts, { ...(options.signal && { signal: options.signal }) });
  const detector = await Detector.create(bundle, { alpha: options.alpha, backend: 'auto' });
  try {
    const table = selectRows(rows.table, rows.test);
    const scored = await detector.score(table);
    const seconds = cpuSecondsSince(started);
    const scores = rankingOf(scored);
    const tested = Uint8Array.from(rows.test, (row) => at(rows.labels, row));
    const normal = Array.from(tested.keys()).filter((i) => tested[i] === 0);
    const alarms = normal.filter((i) => isAnomalous(at(scored.pValues, i), options.alpha)).length;
    const split = { table, labels: tested, rows: rows.test, trained: parts.train };
    await options.inspect?.({ ...{ detector, report, scores: scored }, ...split });
    return {
      ...rankingMetrics(scores, tested),
      alarms: { asked: options.alpha, realised: alarms / normal.length, normalRows: normal.length },
      trainedRows: parts.train.size,
      calibrationRows: report.calibration.rows,
      seconds,
      scores,
    };
  } finally {
    detector.dispose();
  }
}

/** Scores by which rows are ranked, the most anomalous highest. */
const rankingOf = ({ logDensityNats, decidingScores }: Scores): Float64Array =>
  decidingScores ?? logDensityNats.map((logP) => -logP);

function partsOf({ table, train }: SplitRows) {
  const share = (of: number): number => Math.min(MOST_ROWS, Math.round(of * train.length));
  const [validation, calibration] = [share(VALIDATION_SHARE), share(CALIBRATION_SHARE)];
  const rows = train.length - validation - calibration;
  if (rows < fewestRows.train || calibration < fewestRows.calibration || validation === 0) {
    throw new FlowlineError('FLOWLINE_HISTORY_TOO_SMALL', `The protocol leaves ${train.length} rows to train on.`, {
      where: '--protocol',
      remedy: `At least ${Math.ceil(fewestRows.train / (1 - VALIDATION_SHARE - CALIBRATION_SHARE))} are needed: add rows, normal ones first.`,
    });
  }
  const validating = selectRows(table, train.subarray(rows + calibration));
  return {
    train: selectRows(table, train.subarray(0, rows)),
    validation: validating,
    calibration: selectRows(table, train.subarray(rows, rows + calibration)),
    // The rows that are tested on are not seen by a training; its own report is not used.
    test: validating,
  };
}

const trainingData: Readonly<Record<Protocol, TrainingData>> = { 'one-class': 'clean', contaminated: 'unlabelled' };

const trainingSpec = (
  { schema, protocol }: SplitRows,
  { seed, alpha, test = 'outlying', members = 1, steps = null }: EvaluateOptions,
): DetectorTrainingSpec => ({
  name: 'evaluation',
  schema,
  lookups: {},
  family: 'realNVP',
  // All rows are ranked, not only those that may raise an alarm.
  ...{ seed, members, steps, alpha, test, remoteShare: 1 },
  data: trainingData[protocol],
  minimumRows: fewestRows,
});
