import { createScorer } from '@flowline/engine';
import { type FeatureTable, fitEncoding, strayRules } from '@flowline/features';
import { initBackend } from '@flowline/flows';

import type { HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import { calibrate } from './calibrate.ts';
import { evaluate } from './evaluate.ts';
import { movedFeatures } from './moved-features.ts';
import { recipe } from './recipe.ts';
import { trainMembers } from './train-members.ts';
import { trainedBundle } from './trained-bundle.ts';
import type { TrainingReport } from './training-report.ts';
import type { DetectorTrainingSpec, ReportProgress, TrainDetectorOptions } from './training-spec.ts';
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
  tables: HistoryParts<FeatureTable>,
  { onProgress, signal }: TrainDetectorOptions = {},
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const startedMs = performance.now();
  const backend = spec.backend ?? 'tfjs-wasm';
  const reportProgress = progressReporter(spec, onProgress);
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');

  reportProgress('features');
  const encoding = fitEncoding(spec.schema, tables.train, strayRules[spec.data]);
  const members = await trainMembers(spec, encoding, tables, reportProgress, signal);
  const flows = members.map(({ flow }) => flow);
  try {
    const scorer = await createScorer(flows, { backend });
    reportProgress('calibrate');
    const { calibration, report: calibrated } = await calibrate(spec, encoding, scorer, tables.calibration);
    reportProgress('test');
    const evaluation = await evaluate(spec, encoding, scorer, { calibration, report: calibrated }, tables.test);
    const moved = movedFeatures(spec.schema, tables.train, tables.test);
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

function progressReporter(spec: DetectorTrainingSpec, onProgress: TrainDetectorOptions['onProgress']): ReportProgress {
  const steps = spec.steps ?? recipe.fit.steps;
  const none = { member: 1, members: spec.members, step: 0, steps, trainNll: null, validationNll: null };
  return (phase, now = {}) => onProgress?.({ ...none, ...now, phase });
}
