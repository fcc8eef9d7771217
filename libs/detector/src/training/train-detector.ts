import { inTurns } from '@flowline/events';
import { createScorer } from '@flowline/engine';
import { type ColumnTable, columnsOf, type FeatureTable, fitEncodingSteps, strayRules } from '@flowline/features';
import { initBackend } from '@flowline/flows';

import type { HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import { calibrate } from './calibrate.ts';
import { evaluate } from './evaluate.ts';
import { movedFeatures } from './moved-features.ts';
import { recipe } from './recipe.ts';
import { trainMembers } from './train-members.ts';
import { trainedBundle } from './trained-bundle.ts';
import type { TrainingReport } from './training-report.ts';
import type { DetectorTrainingSpec, ReportProgress, TrainDetectorOptions, TrainingProgress } from './training-spec.ts';
import { alarmWarnings, calibrationWarnings } from './training-warnings.ts';

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
  history: HistoryParts<FeatureTable | ColumnTable>,
  { onProgress, signal }: TrainDetectorOptions = {},
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const startedMs = performance.now();
  const tables = byColumns(history);
  const backend = spec.backend ?? 'tfjs-wasm';
  const reportProgress = progressReporter(spec, onProgress);
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');

  reportProgress('features');
  const encoding = await inTurns(fitEncodingSteps(spec.schema, tables.train, strayRules[spec.data]), signal);
  const members = await trainMembers(spec, encoding, tables, reportProgress, signal);
  const flows = members.map(({ flow }) => flow);
  try {
    const scorer = await createScorer(flows, { backend });
    const during = (phase: TrainingProgress['phase']) => ({
      signal,
      onShare: (share: number) => reportProgress(phase, { share }),
    });
    reportProgress('calibrate');
    const { calibration, report: calibrated } = await calibrate(
      spec,
      encoding,
      scorer,
      tables.calibration,
      during('calibrate'),
    );
    reportProgress('test');
    const parts = { calibration, report: calibrated };
    const evaluation = await evaluate(spec, encoding, scorer, parts, tables.test, during('test'));
    const moved = await inTurns(movedFeatures(spec.schema, tables.train, tables.test), signal);
    scorer.dispose();
    const report: TrainingReport = {
      seconds: (performance.now() - startedMs) / 1000,
      backend,
      parameterCount: flows.reduce((sum, flow) => sum + flow.parameterCount, 0),
      members: members.map((member) => member.report),
      ...evaluation,
      calibration: calibrated,
      moved,
      warnings: [
        ...encoding.warnings,
        ...calibrationWarnings(spec, calibrated, evaluation.alarms),
        ...alarmWarnings(evaluation.alarms, moved),
      ],
    };
    return { bundle: trainedBundle(spec, { tables, encoding, flows, calibration, report }), report };
  } finally {
    for (const flow of flows) flow.dispose();
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
  const steps = spec.steps ?? recipe.fit.steps;
  const none = { member: 1, members: spec.members, step: 0, steps, share: 0, trainNll: null, validationNll: null };
  return (phase, now = {}) => onProgress?.({ ...none, ...now, phase });
}
