import { type DetectorDefinition, entityOf, loadDetectorFile } from '@flowline/config';
import {
  alphaOf,
  type DefinedModel,
  type DetectorTrainingSpec,
  modelChoice,
  type TrainingData,
} from '@flowline/detector';
import { FlowlineError, type LookupTable } from '@flowline/events';
import type { EventNames } from '@flowline/operations/scoring';
import { detectorName, featuresOf, profileTable, type DataTable, type LeftOutColumn } from '@flowline/tables';

/** Plan of a training on a table: what it reads, and how it trains. */
export interface FitPlan {
  readonly spec: Omit<DetectorTrainingSpec, 'alpha'>;
  readonly names: EventNames;
  readonly calibrationFraction: number;
  /** p-value of an anomaly, by the events per day of the history. */
  alphaAt(eventsPerDay: number): number;
  /** Columns that are no features, with the reason; empty for a detector that somebody wrote. */
  readonly leftOut: readonly LeftOutColumn[];
}

/** Options of {@link planFit}. */
export interface PlanOptions {
  /** Detector file; null to profile the table. */
  readonly definition: string | null;
  readonly ignore: readonly string[];
  readonly data: TrainingData | null;
  readonly alpha: number | null;
  readonly seed: number | null;
  readonly family: DefinedModel['family'] | null;
}

/** p-value of an anomaly, of a table whose false alarms nobody has limited. */
const DEFAULT_ALPHA = 1e-3;
const CALIBRATION_FRACTION = 0.2;

/**
 * Plans a training on a table: by a detector file, or by the profile of the table.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, FLOWLINE_CONFIG_INVALID for the detector file,
 *   also if its lookups need a database; FLOWLINE_FEATURES_INVALID for a table without numbers.
 */
export async function planFit(table: DataTable, options: PlanOptions): Promise<FitPlan> {
  if (options.definition === null) return profiledPlan(table, options);
  return writtenPlan(await loadDetectorFile(options.definition), options);
}

function profiledPlan(table: DataTable, { ignore, data, alpha, seed, family }: PlanOptions): FitPlan {
  const profile = profileTable(table, { ignore });
  return {
    spec: {
      ...{ name: detectorName(table.where), schema: featuresOf(profile), lookups: {}, entity: null },
      ...{ family: family ?? 'realNVP', seed: seed ?? 1, members: 1 },
      ...{ data: data ?? 'unlabelled', test: 'outlying' as const },
    },
    names: { time: profile.time?.spec ?? null, id: profile.eventId },
    calibrationFraction: CALIBRATION_FRACTION,
    alphaAt: () => alpha ?? DEFAULT_ALPHA,
    leftOut: profile.leftOut,
  };
}

function writtenPlan(definition: DetectorDefinition, { data, alpha, seed, family }: PlanOptions): FitPlan {
  const { name, features, model, training, decision, source } = definition;
  return {
    spec: {
      ...{ name, schema: features, lookups: lookupsOf(definition), entity: entityOf(definition) },
      ...{ ...choiceOf(model, family), seed: seed ?? model.seed },
      ...{ data: data ?? training.data, test: decision.test },
      ...{ maxMinutes: model.budget.maxMinutes, steps: model.budget.steps },
    },
    names: { time: source.time, id: source.eventId },
    calibrationFraction: model.calibration.fraction,
    alphaAt: (eventsPerDay) => alpha ?? alphaOf(decision.control, eventsPerDay),
    leftOut: [],
  };
}

/** Members that a definition asks for; a family that is named replaces theirs, and their base. */
function choiceOf(model: DefinedModel, family: PlanOptions['family']) {
  const choice = modelChoice(model);
  return family === null ? choice : { ...choice, family, base: 'normal' as const };
}

function lookupsOf({ lookups }: DetectorDefinition): Record<string, LookupTable> {
  return Object.fromEntries(
    Object.entries(lookups).map(([name, lookup]) => {
      if ('table' in lookup) return [name, lookup.table];
      throw new FlowlineError('FLOWLINE_CONFIG_INVALID', `The lookup ${name} is a query, which needs a database.`, {
        where: `spec.lookups.${name}`,
        remedy: 'Write its rows to a CSV file (csv:), or train from the database: flowline train.',
      });
    }),
  );
}
