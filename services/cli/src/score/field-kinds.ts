import { type EntitySpec, type Expression, type FeatureSpec, operandsOf } from '@flowline/events';

/** What the text of a CSV cell stands for. */
export type FieldKind = 'number' | 'boolean' | 'text';

/** What each field that a schema and its entity read holds; a field of several uses is a number where any of them needs one. */
export function fieldKinds(schema: readonly FeatureSpec[], entity: EntitySpec | null): ReadonlyMap<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  const note = (field: string, kind: FieldKind): void => {
    if (kinds.get(field) !== 'number') kinds.set(field, kind);
  };
  const visit = (expression: Expression, kind: FieldKind): void => {
    if (typeof expression === 'string') {
      note(expression, kind);
      return;
    }
    const operandKind = 'lookup' in expression ? 'text' : 'number';
    operandsOf(expression).forEach((operand) => visit(operand, operandKind));
  };
  for (const { from, type } of schema) {
    visit(from, type === 'boolean' ? 'boolean' : type === 'categorical' ? 'text' : 'number');
  }
  if (entity !== null && entity.time.unit !== 'iso') note(entity.time.field, 'number');
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
