import { isDeepStrictEqual } from 'node:util';

import type { DetectorDefinition } from './detector-definition.ts';

/** What a model is made of, by its path in a detector's file; the rest of a definition is in force without a new model. */
const parts: Readonly<Record<string, (definition: DetectorDefinition) => unknown>> = {
  'spec.features': ({ features }) => features,
  'spec.source.key': ({ source }) => source.key,
  'spec.lookups': ({ lookups }) => lookups,
  'spec.model': ({ model }) => model,
  'spec.training.data': ({ training }) => training.data,
  'spec.history': ({ history }) => history,
};

/** The paths of a definition that a model trained for another one does not know of: they take effect with the next model. */
export function modelChanges(trained: DetectorDefinition, inForce: DetectorDefinition): string[] {
  return Object.entries(parts)
    .filter(([, partOf]) => !isDeepStrictEqual(partOf(trained), partOf(inForce)))
    .map(([path]) => path);
}

/** Whether the events of two definitions have the same columns: what one has stored is history for the other. */
export function hasSameColumns(a: DetectorDefinition, b: DetectorDefinition): boolean {
  return isDeepStrictEqual(a.features, b.features) && isDeepStrictEqual(a.lookups, b.lookups);
}
