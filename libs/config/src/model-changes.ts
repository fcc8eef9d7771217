import { isDeepStrictEqual } from 'node:util';

import { type DetectorDefinition, learnsIntervals } from './detector-definition.ts';

/**
 * Parts of a definition that determine the model, by their path in a detector file. All other parts
 * take effect without a new model.
 */
const parts: Readonly<Record<string, (definition: DetectorDefinition) => unknown>> = {
  'spec.features': ({ features }) => features,
  'spec.source.key': ({ source }) => source.key,
  'spec.lookups': ({ lookups }) => lookups,
  'spec.model': ({ model }) => model,
  'spec.training.data': ({ training }) => training.data,
  'spec.decision.test': ({ decision }) => decision.test,
  'spec.history': ({ history }) => history,
};

/**
 * Paths at which the definition in force differs from the one that the model was trained for. These
 * changes take effect with the next model.
 */
export function modelChanges(trained: DetectorDefinition, inForce: DetectorDefinition): string[] {
  const changed = Object.entries(parts)
    .filter(([, partOf]) => !isDeepStrictEqual(partOf(trained), partOf(inForce)))
    .map(([path]) => path);
  return lacksIntervals(trained, inForce) ? [...changed, 'spec.alerts.absence'] : changed;
}

/** True if intervals are wanted that no training has learned. */
const lacksIntervals = (trained: DetectorDefinition, inForce: DetectorDefinition): boolean =>
  learnsIntervals(inForce) &&
  !(learnsIntervals(trained) && trained.alerts.absence?.per === inForce.alerts.absence?.per);

/**
 * True if the events of both definitions have the same columns, so that stored events of one are
 * history for the other.
 */
export function hasSameColumns(a: DetectorDefinition, b: DetectorDefinition): boolean {
  return isDeepStrictEqual(a.features, b.features) && isDeepStrictEqual(a.lookups, b.lookups);
}
