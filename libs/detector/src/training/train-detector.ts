import { inTurns, type ScoringBackend } from '@flowline/events';
import {
  type ColumnTable,
  columnsOf,
  type FeatureEncoding,
  type FeatureTable,
  fitEncodingSteps,
  strayRules,
} from '@flowline/features';
import { initBackend } from '@flowline/flows';

import type { HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import type { LongScoring } from '../log-densities.ts';
import { calibrate } from './calibrate.ts';
import { evaluate } from './evaluate.ts';
import { heldOutScorer, scoringOf } from './held-out-scorer.ts';
import { movedFeatures } from './moved-features.ts';
import { recipe } from './recipe.ts';
import { trainMembers } from './train-members.ts';
import { memberArchitectures } from './planned-member.ts';
import { selectMembers, type SelectedMembers } from '../selection/select-members.ts';
import { trainedBundle } from './trained-bundle.ts';
import type { TrainingReport } from './training-report.ts';
import type { DetectorTrainingSpec, ReportProgress, TrainDetectorOptions, TrainingProgress } from './training-spec.ts';
import { alarmWarnings, calibrationWarnings } from './training-warnings.ts';

/**
 * Trains a detector: fit features → fit flows (under `auto`, of the candidate that is chosen) →
 * calibrate on rows not used in training → evaluate
 * on the newest rows. The same spec, tables and training backend give the same bundle, bit for bit,
 * on any number of threads (unless maxMinutes cuts training short), also if it goes on from
 * checkpoints of an interrupted training.
 *
 * @throws FlowlineError FLOWLINE_HISTORY_TOO_SMALL, FLOWLINE_FEATURES_INVALID,
 * FLOWLINE_BACKEND_UNAVAILABLE, FLOWLINE_TRAINING_FAILED; FlowError with a code of the same kind
 * from training, FLOWLINE_ABORTED if the signal aborts it.
 */
export async function trainDetector(
  spec: DetectorTrainingSpec,
  history: HistoryParts<FeatureTable | ColumnTable>,
  { onProgress, signal, checkpoints }: TrainDetectorOptions = {},
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const startedMs = performance.now();
  const tables = byColumns(history);
  const backend = spec.backend ?? 'tfjs-wasm';
  const reportProgress = progressReporter(spec, onProgress);
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');

  reportProgress('features');
  const encoding = await inTurns(fitEncodingSteps(spec.schema, tables.train, strayRules[spec.data]), signal);
  const parts = { encoding, tables, report: reportProgress, signal, checkpoints };
  const { family } = spec;
  const trained =
    family === 'auto'
      ? await selectMembers(spec, parts)
      : { ...(await trainMembers(spec, memberArchitectures({ ...spec, family }), parts)), candidates: [] };
  try {
    // TensorFlow is current if it trained.
    await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');
    return await assess(spec, { encoding, trained, tables, backend, startedMs }, reportProgress, signal);
  } finally {
    for (const { flow } of trained.members) flow.dispose();
  }
}

/** Fitted parts of a detector, and the rows to calibrate and test it on. */
interface Fitted {
  readonly encoding: FeatureEncoding;
  readonly trained: SelectedMembers;
  readonly tables: HistoryParts<ColumnTable>;
  readonly backend: ScoringBackend;
  readonly startedMs: number;
}

/** Calibrates and evaluates fitted flows, and makes the bundle and the report. */
async function assess(
  spec: DetectorTrainingSpec,
  { encoding, trained, tables, backend, startedMs }: Fitted,
  reportProgress: ReportProgress,
  signal: AbortSignal | undefined,
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const during = (phase: TrainingProgress['phase']): LongScoring => {
    reportProgress(phase);
    return { signal, onShare: (share) => reportProgress(phase, { share }) };
  };
  const { members, architectures, compute, warmStart, candidates } = trained;
  const flows = members.map(({ flow }) => flow);
  const scorer = await heldOutScorer(flows, backend);
  try {
    const calibrated = await calibrate(
      spec,
      encoding,
      scorer,
      { seen: tables, calibration: tables.calibration },
      during('calibrate'),
    );
    const evaluation = await evaluate(spec, encoding, scorer, calibrated, tables.test, during('test'));
    const moved = await inTurns(movedFeatures(spec.schema, tables.train, tables.test), signal);
    const { calibration, statistic, report: calibrationReport } = calibrated;
    const report: TrainingReport = {
      seconds: (performance.now() - startedMs) / 1000,
      compute,
      warmStart,
      candidates,
      scoring: scoringOf(scorer),
      parameterCount: flows.reduce((sum, flow) => sum + flow.parameterCount, 0),
      members: members.map((member) => member.report),
      ...evaluation,
      calibration: calibrationReport,
      moved,
      warnings: [
        ...encoding.warnings,
        ...calibrationWarnings(spec, calibrationReport, evaluation.alarms),
        ...alarmWarnings(evaluation.alarms, moved),
      ],
    };
    const made = { architectures, tables, encoding, flows, calibration, statistic, report };
    return { bundle: trainedBundle(spec, made), report };
  } finally {
    scorer.dispose();
  }
}

function byColumns({
  train,
  validation,
  calibration,
  test,
}: HistoryParts<FeatureTable | ColumnTable>): HistoryParts<ColumnTable> {
  return {
    train: columnsOf(train),
    validation: columnsOf(validation),
    calibration: columnsOf(calibration),
    test: columnsOf(test),
  };
}

function progressReporter(spec: DetectorTrainingSpec, onProgress: TrainDetectorOptions['onProgress']): ReportProgress {
  const steps = spec.members * (spec.steps ?? recipe.fit.steps);
  const none = { members: spec.members, step: 0, steps, share: 0, trainNll: null, validationNll: null };
  return (phase, now = {}) => onProgress?.({ ...none, ...now, phase });
}
