import type { Detector } from '@flowline/detector';
import { at, blocksOf, type FeatureSpec, quoteText, turn } from '@flowline/events';
import { isDimension, isLevelFeature, rowValues, sliceTable } from '@flowline/features';

import { createFeatureReader, type FeatureValues, unfitting } from './feature-values.ts';

/** Events scored between two turns of the event loop. */
const SCORED_ROWS = 256;

/** Event drawn from a model. */
export interface SampledRecord {
  /** Values by feature, in the units of the features; null is missing. */
  readonly values: Readonly<Record<string, number | string | null>>;
  /** Score of the values, as the detector has it. */
  readonly logDensityNats: number;
  readonly pValue: number;
}

/** Events drawn from a model. */
export interface Sampled {
  readonly samples: readonly SampledRecord[];
  /** Context features that were not given, and drawn: the model has no density of them. */
  readonly drawnContext: readonly string[];
}

/** Options of {@link sampleRecords}. */
export interface SampleRecordsOptions {
  readonly count: number;
  readonly seed: number;
  /** Values of context features. */
  readonly context: FeatureValues;
  /** Rejects with its reason within some milliseconds. */
  readonly signal?: AbortSignal;
}

/**
 * Draws events from the model of a detector, with their scores. The same seed, model and context
 * give the same events, and fewer of them are the first of more.
 * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a context that does not fit the model.
 */
export async function sampleRecords(
  detector: Detector,
  { count, seed, context, signal }: SampleRecordsOptions,
): Promise<Sampled> {
  const { schema } = detector.bundle;
  const given = readContext(schema, context);
  const table = await detector.sample({ count, seed, given, signal });
  const samples: SampledRecord[] = [];
  for (const [start, end] of blocksOf(table.size, SCORED_ROWS)) {
    await turn(signal);
    const { logDensityNats, pValues } = await detector.score(sliceTable(table, start, end));
    for (let row = start; row < end; row++) {
      const score = { logDensityNats: at(logDensityNats, row - start), pValue: at(pValues, row - start) };
      samples.push({ values: rowValues(schema, table, row), ...score });
    }
  }
  return {
    samples,
    drawnContext: schema.filter((spec) => isContext(spec) && !Object.hasOwn(given, spec.name)).map(({ name }) => name),
  };
}

/** True for a feature on which the density is conditional. */
const isContext = (spec: FeatureSpec): boolean =>
  !isDimension(spec) && !(isLevelFeature(spec) && spec.role === 'score');

/** Reads the values of context features. @throws FlowlineError FLOWLINE_FEATURES_INVALID. */
function readContext(schema: readonly FeatureSpec[], context: FeatureValues): Record<string, number | string | null> {
  const names = Object.keys(context);
  const possible = schema.filter(isContext).map(({ name }) => name);
  const other = names.find((name) => !possible.includes(name));
  if (other !== undefined) {
    const remedy = possible.length === 0 ? 'Leave it out: the model has no context.' : `Give ${possible.join(', ')}.`;
    throw unfitting(`context.${other}`, `${quoteText(other, 80)} is no context of the model.`, remedy);
  }
  // Only what is given is read.
  const asked = schema.map((spec) => (names.includes(spec.name) ? spec : { ...spec, nullable: true }));
  const { table, faults } = createFeatureReader(asked)([context]);
  const [fault] = faults;
  if (fault !== undefined) {
    throw unfitting(`context.${fault.field ?? ''}`, fault.message, 'Give a value in the units of the feature.');
  }
  const values = rowValues(schema, table, 0);
  return Object.fromEntries(names.map((name) => [name, values[name] ?? null]));
}
