import { inTurns } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';
import { initBackend, loadFlowInParts, type Flow } from '@flowline/flows';

import type { HistoryPart, ModelBundle } from '../bundle/bundle.ts';
import { libraryVersions } from '../bundle/library-versions.ts';
import type { LongScoring } from '../log-densities.ts';
import { calibrate } from './calibrate.ts';
import { evaluate } from './evaluate.ts';
import { heldOutScorer, scoringOf } from './held-out-scorer.ts';
import { movedFeatures } from './moved-features.ts';
import type { TrainingReport } from './training-report.ts';
import type { DetectorTrainingSpec, TrainDetectorOptions } from './training-spec.ts';
import { alarmWarnings, calibrationWarnings } from './training-warnings.ts';

/** Model to calibrate again, and rows that its weights have not seen, in time order. */
export interface Recalibration {
  readonly champion: ModelBundle;
  /** SHA-256 of the champion. */
  readonly sha256: string;
  readonly calibration: ColumnTable;
  /**
   * First of those rows that a model of the champion's weights was calibrated on before: its
   * statistic may have kept them.
   */
  readonly keptRows: number;
  readonly test: ColumnTable;
}

/**
 * Calibrates a model again: the same features and weights, so the same log-likelihoods, with
 * p-values of newer rows; evaluated on the newest. Rows are left out, truncated and grouped by
 * context as in a training.
 */
export async function recalibrate(
  spec: DetectorTrainingSpec,
  { champion, sha256, calibration, keptRows, test }: Recalibration,
  { onProgress, signal }: Pick<TrainDetectorOptions, 'onProgress' | 'signal'> = {},
): Promise<{ readonly bundle: ModelBundle; readonly report: TrainingReport }> {
  const startedMs = performance.now();
  const backend = spec.backend ?? 'tfjs-wasm';
  await initBackend(backend === 'tfjs-cpu' ? 'cpu' : 'wasm');
  const none = { members: champion.flows.length, step: 0, steps: 0, trainNll: null, validationNll: null };
  const during = (phase: 'calibrate' | 'test'): LongScoring => ({
    signal,
    onShare: (share) => onProgress?.({ ...none, phase, share }),
  });
  const { encoding } = champion;
  const flows: Flow[] = [];
  try {
    for (const bytes of champion.flows) flows.push(await loadFlowInParts(bytes));
    const scorer = await heldOutScorer(flows, backend);
    try {
      // A model keeps its test, and what that knows from the training rows.
      const { statistic } = champion;
      const own = { ...spec, test: statistic?.test ?? ('density' as const) };
      const tables = { seen: { earlier: statistic, keptRows }, calibration };
      const calibrated = await calibrate(own, encoding, scorer, tables, during('calibrate'));
      const evaluation = await evaluate(spec, encoding, scorer, calibrated, test, during('test'));
      const moved = await inTurns(movedFeatures(spec.schema, calibration, test), signal);
      const report: TrainingReport = {
        seconds: (performance.now() - startedMs) / 1000,
        compute: { backend: 'engine', device: 'none', why: WHY, reason: WHY },
        warmStart: null,
        candidates: [],
        scoring: scoringOf(scorer),
        parameterCount: flows.reduce((sum, flow) => sum + flow.parameterCount, 0),
        members: [],
        ...evaluation,
        calibration: calibrated.report,
        moved,
        warnings: [
          ...calibrationWarnings(spec, calibrated.report, evaluation.alarms),
          ...alarmWarnings(evaluation.alarms, moved),
        ],
      };
      const metadata = metadataOf(spec, { champion, sha256, calibration, keptRows, test }, report);
      const { calibration: newer, statistic: joined } = calibrated;
      const bundle = { ...champion, metadata, lookups: spec.lookups, calibration: newer, statistic: joined };
      return { bundle, report };
    } finally {
      scorer.dispose();
    }
  } finally {
    for (const flow of flows) flow.dispose();
  }
}

const WHY = 'the weights are those of the champion';

function metadataOf(
  spec: DetectorTrainingSpec,
  { champion: { metadata }, sha256, calibration, test }: Recalibration,
  { scoring, heldOut, calibration: { trimmedRows, undefinedRows } }: TrainingReport,
): ModelBundle['metadata'] {
  const part = (name: 'calibration' | 'test', { size }: ColumnTable): HistoryPart => {
    const times = spec.times?.[name];
    return { rows: size, fromMs: times?.fromMs ?? null, toMs: times?.toMs ?? null };
  };
  return {
    ...metadata,
    ...{ data: spec.data, alpha: spec.alpha, recalibratedFrom: sha256 },
    calibratedWith: scoring.backend.startsWith('wasm') ? 'compiled' : scoring.backend,
    history: { ...metadata.history, calibration: part('calibration', calibration), test: part('test', test) },
    heldOut: heldOut === null ? null : { nllNats: heldOut.nllNats, standardError: heldOut.standardError },
    calibration: { trimmedRows, undefinedRows },
    libraries: libraryVersions(),
  };
}
