import { FlowlineError, type FeatureSpec, printable } from '@flowline/events';
import { createRecordReader, type ReadResult, scaleOf } from '@flowline/features';

/** Values of features by name, as `observed` of an anomaly has them. */
export type FeatureValues = Readonly<Record<string, unknown>>;

/**
 * Creates a reader of rows of feature values: numbers in the units of their features, levels as
 * text, those of a boolean feature also as true and false. The same numbers give the same row as
 * an event from whose fields they were computed.
 */
export function createFeatureReader(schema: readonly FeatureSpec[]): (rows: readonly FeatureValues[]) => ReadResult {
  const reader = createRecordReader(schema.map(ofItsName), {});
  const booleans = schema.filter(({ type }) => type === 'boolean').map(({ name }) => name);
  return (rows) =>
    reader.read(
      rows.map((row) => {
        const written = booleans.filter((name) => row[name] === 'true' || row[name] === 'false');
        return { ...row, ...Object.fromEntries(written.map((name) => [name, row[name] === 'true'])) };
      }),
    );
}

/** The feature, read from a field of its own name; its change of scale stays. */
function ofItsName(spec: FeatureSpec): FeatureSpec {
  const { name } = spec;
  const { scale } = scaleOf(spec);
  return { ...spec, from: scale === 'log' ? { log: name } : scale === 'asinh' ? { asinh: name } : name };
}

/** Name that no feature has; null if there is none. */
export function unknownFeature(schema: readonly FeatureSpec[], names: readonly string[]): string | null {
  return names.find((name) => !schema.some((spec) => spec.name === name)) ?? null;
}

/** Characters of a place in a request, which may name what the sender made up. */
const WHERE_CHARACTERS = 200;

/** Error for a request about features that do not fit the model. */
export const unfitting = (where: string, message: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FEATURES_INVALID', message, { where: printable(where, WHERE_CHARACTERS), remedy });
