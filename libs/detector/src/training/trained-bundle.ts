import type { FeatureEncoding } from '@flowline/features';
import { type Flow, saveFlow } from '@flowline/flows';

import type { BundleMetadata, HistoryPart, HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import { libraryVersions } from '../bundle/library-versions.ts';
import type { CalibrationSet } from '../calibration/calibration-set.ts';
import type { CandidateReport } from '../selection/candidate-report.ts';
import type { Statistic } from '../statistic/statistic.ts';
import type { Architecture } from './families.ts';
import type { TrainingReport } from './training-report.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/** Parts of a trained detector, from which its bundle is made. */
export interface TrainedParts {
  /** Structure of each member: of the chosen candidate under `auto`. */
  readonly architectures: readonly Architecture[];
  readonly tables: HistoryParts<{ readonly size: number }>;
  readonly encoding: FeatureEncoding;
  readonly flows: readonly Flow[];
  readonly calibration: CalibrationSet;
  readonly statistic: Statistic | null;
  readonly report: TrainingReport;
}

/** Assembles the bundle of a trained detector. */
export function trainedBundle(spec: DetectorTrainingSpec, parts: TrainedParts): ModelBundle {
  const { encoding, flows, calibration, statistic } = parts;
  return {
    metadata: metadataOf(spec, parts),
    schema: encoding.schema,
    lookups: spec.lookups,
    entity: spec.entity ?? null,
    encoding,
    flows: flows.map(saveFlow),
    calibration,
    statistic,
  };
}

function metadataOf(
  spec: DetectorTrainingSpec,
  { architectures, tables, encoding, report }: TrainedParts,
): BundleMetadata {
  const { compute, scoring, heldOut, calibration, warmStart } = report;
  const from = spec.warmStart;
  const isWarm = warmStart !== null && warmStart.kept > 0;
  const part = (name: keyof HistoryParts<unknown>): HistoryPart => {
    const times = spec.times?.[name];
    return { rows: tables[name].size, fromMs: times?.fromMs ?? null, toMs: times?.toMs ?? null };
  };
  return {
    detector: spec.name,
    ...familiesOf(architectures),
    members: spec.members,
    seed: spec.seed,
    data: spec.data,
    alpha: spec.alpha,
    backend: compute.backend,
    ...(isWarm && from !== undefined && from.champion !== null ? { startedFrom: from.sha256 } : {}),
    calibratedWith: scoring.backend.startsWith('wasm') ? 'compiled' : scoring.backend,
    history: {
      train: part('train'),
      validation: part('validation'),
      calibration: part('calibration'),
      test: part('test'),
    },
    noise: Object.fromEntries(encoding.scored.map(({ feature, sigma }) => [feature, sigma])),
    heldOut: heldOut === null ? null : { nllNats: heldOut.nllNats, standardError: heldOut.standardError },
    calibration: { trimmedRows: calibration.trimmedRows, undefinedRows: calibration.undefinedRows },
    ...(report.candidates.length === 0 ? {} : { candidates: report.candidates.map(withoutSeconds) }),
    libraries: libraryVersions(),
  };
}

/** Families of the members, and the base of those that are flows. */
function familiesOf(architectures: readonly Architecture[]): Pick<BundleMetadata, 'base' | 'families' | 'family'> {
  const families = architectures.map(({ family }) => family);
  const distinct = [...new Set(families)];
  const base = architectures.find(({ base: { type } }) => type !== 'normal')?.base.type;
  return {
    family: distinct.join(' + '),
    ...(distinct.length === 1 ? {} : { families }),
    ...(base === undefined ? {} : { base }),
  };
}

/** Durations differ between trainings of the same bytes. */
const withoutSeconds = ({ seconds: _, ...candidate }: CandidateReport): Omit<CandidateReport, 'seconds'> => candidate;
