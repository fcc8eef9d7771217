import type { ModelBundle } from '@flowline/detector';
import { type Expression, operandsOf, parseJson } from '@flowline/events';
import { type FeatureEncodingConfig, isLevelFeature } from '@flowline/features';
import { cellBoolean, cellFloat, cellNumber, isMissingNumber } from '@flowline/tables';

/**
 * Type of the text in a CSV cell. `numeral`: a number whose spelling matters, as that of an id or a
 * level. `object`: fields are read from within it.
 */
export type FieldKind = 'numeral' | 'number' | 'boolean' | 'text' | 'object';

/** Precedence of the kinds if a field has several uses. */
const RANKS: readonly FieldKind[] = ['numeral', 'number', 'boolean', 'text', 'object'];

/** Parts of a model that determine how cells are read. */
export type CellReading = Pick<ModelBundle, 'schema' | 'lookups' | 'entity'> & {
  readonly encoding: { toJSON(): Pick<FeatureEncodingConfig, 'levels'> };
};

/**
 * Kind of each field that a model reads. CSV does not distinguish booleans from text, as JSON does:
 * a field is boolean if its feature or lookup table knows only true and false.
 */
export function fieldKinds({ schema, lookups, entity, encoding }: CellReading): ReadonlyMap<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  const note = (field: string, kind: FieldKind): void => {
    const known = kinds.get(field);
    const isSpelt = known === 'number' ? kind !== 'number' : kind === 'number' && known !== undefined;
    if (isSpelt && known !== 'object' && kind !== 'object') kinds.set(field, 'numeral');
    else if (known === undefined || RANKS.indexOf(kind) < RANKS.indexOf(known)) kinds.set(field, kind);
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

/** Kind of a field with these known names. */
function kindOf(names: readonly string[]): FieldKind {
  return names.length > 0 && names.every((name) => name === 'true' || name === 'false') ? 'boolean' : 'text';
}

/**
 * Value of a CSV cell. An absent text is null. Numbers and booleans are converted if the model
 * expects them, and an empty text is then null, too; for a number also `NA`, `null` and
 * `\N`. Any other text stays text; the reader reports what it expected (or parses it as a time).
 * @param text null for a cell without even quotes.
 */
export function cellValue(text: string | null, kind: FieldKind | undefined): unknown {
  if (text === null || (text === '' && kind !== 'text' && kind !== undefined)) return null;
  if (kind === 'number') return cellFloat(text) ?? (isMissingNumber(text) ? null : text);
  if (kind === 'numeral') return cellNumber(text) ?? (isMissingNumber(text) ? null : text);
  if (kind === 'boolean') return cellBoolean(text) ?? text;
  return kind === 'object' ? objectOf(text) : text;
}

function objectOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
