import type { Expression, FeatureSpec } from '@flowline/events';

/** What the text of a CSV cell stands for. */
export type FieldKind = 'number' | 'boolean' | 'text';

/** What each field that a schema reads holds; a field of several uses is a number where any of them needs one. */
export function fieldKinds(schema: readonly FeatureSpec[]): ReadonlyMap<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  const note = (field: string, kind: FieldKind): void => {
    if (kinds.get(field) !== 'number') kinds.set(field, kind);
  };
  const visit = (expression: Expression, kind: FieldKind): void => {
    if (typeof expression === 'string') note(expression, kind);
    else if ('log' in expression) visit(expression.log, 'number');
    else if ('asinh' in expression) visit(expression.asinh, 'number');
    else if ('difference' in expression) expression.difference.forEach((part) => visit(part, 'number'));
    else if ('ratio' in expression) expression.ratio.forEach((part) => visit(part, 'number'));
    else if ('haversine' in expression) expression.haversine.forEach((part) => visit(part, 'number'));
    else if ('lookup' in expression) visit(expression.lookup.key, 'text');
    else visit(expression.timePart.of, 'number');
  };
  for (const { from, type } of schema) {
    visit(from, type === 'boolean' ? 'boolean' : type === 'categorical' ? 'text' : 'number');
  }
  return kinds;
}

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;

/**
 * The value of a CSV cell: empty is null; numbers and truth values become such where the schema asks for them. What does not fit
 * stays text, and the reader says what it expected (or reads it as a time).
 */
export function cellValue(text: string, kind: FieldKind | undefined): string | number | boolean | null {
  if (text === '') return null;
  if (kind === 'number' && NUMBER.test(text)) return Number(text);
  if (kind === 'boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return text;
}
