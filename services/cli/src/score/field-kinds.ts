import type { ModelBundle } from '@flowline/detector';
import { type Expression, operandsOf, parseJson, toNumeral } from '@flowline/events';
import { type FeatureEncodingConfig, isLevelFeature } from '@flowline/features';

/** What the text of a CSV cell stands for; `object`: fields are read from within it. */
export type FieldKind = 'number' | 'boolean' | 'text' | 'object';

/** Of several uses of a field the one that decides, first. */
const RANKS: readonly FieldKind[] = ['number', 'boolean', 'text', 'object'];

/** What of a model says how cells are to be read. */
export type CellReading = Pick<ModelBundle, 'schema' | 'lookups' | 'entity'> & {
  readonly encoding: { toJSON(): Pick<FeatureEncodingConfig, 'levels'> };
};

/**
 * What each field that a model reads holds. CSV does not tell a truth value from text, as JSON does: a feature or a lookup table that
 * knows true and false alone has truth values.
 */
export function fieldKinds({ schema, lookups, entity, encoding }: CellReading): ReadonlyMap<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  const note = (field: string, kind: FieldKind): void => {
    const known = kinds.get(field);
    if (known === undefined || RANKS.indexOf(kind) < RANKS.indexOf(known)) kinds.set(field, kind);
    const within = field.lastIndexOf('.');
    if (within > 0) note(field.slice(0, within), 'object');
  };
  const visit = (expression: Expression, kind: FieldKind): void => {
    if (typeof expression === 'string') note(expression, kind);
    else if ('lookup' in expression) visit(expression.lookup.key, kindOf(keysOf(lookups[expression.lookup.table])));
    else operandsOf(expression).forEach((operand) => visit(operand, 'number'));
  };
  const levelColumns = encoding.toJSON().levels.values();
  for (const spec of schema) {
    const levels = isLevelFeature(spec) ? (levelColumns.next().value?.levels ?? []) : null;
    visit(spec.from, levels === null ? 'number' : spec.type === 'boolean' ? 'boolean' : kindOf(levels));
  }
  for (const field of entity?.key ?? []) note(field, 'text');
  if (entity !== null && entity.time.unit !== 'iso') note(entity.time.field, 'number');
  return kinds;
}

const keysOf = (lookup: ModelBundle['lookups'][string] | undefined): readonly string[] =>
  Object.keys(lookup?.rows ?? {});

/** The kind of a field of which these names are known. */
function kindOf(names: readonly string[]): FieldKind {
  return names.length > 0 && names.every((name) => name === 'true' || name === 'false') ? 'boolean' : 'text';
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;
/** Truth values, `t` and `f` as COPY writes them. */
const TRUTH = /^(t|true|f|false)$/i;

/**
 * The value of a CSV cell: nothing is null; numbers and truth values become such where the model asks for them, and there an empty text
 * is null too. What does not fit stays text, and the reader says what it expected (or reads it as a time).
 * @param text null for a cell without even quotes.
 */
export function cellValue(text: string | null, kind: FieldKind | undefined): unknown {
  if (text === null || (text === '' && kind !== 'text' && kind !== undefined)) return null;
  if (kind === 'number' && NUMBER.test(text)) return toNumeral(text.trim());
  if (kind === 'boolean' && TRUTH.test(text)) return /^t/i.test(text);
  return kind === 'object' ? objectOf(text) : text;
}

function objectOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
