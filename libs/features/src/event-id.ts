import { Numeral, printable } from '@flowline/events';

import { compileExpression } from './expression.ts';
import type { FeatureRecord } from './field.ts';
import { Fault } from './fault.ts';

/** Maximum length of a value quoted in a message. */
const QUOTED_CHARACTERS = 60;

/** Compiles an event id: a function from a record to its text as written, or a fault. */
export function compileEventId(field: string): (record: FeatureRecord) => string | Fault {
  const evaluate = compileExpression(field, {});
  return (record) => {
    const value = evaluate(record);
    if (value instanceof Fault) return value;
    if (value === null) return new Fault('missing_field', field, `The event id ${field} is absent or null.`);
    if (value instanceof Numeral) return value.text;
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value === 'string' && !value.includes('\0')) return value;
    return new Fault(
      'wrong_type',
      field,
      `The event id ${field} is ${printable(JSON.stringify(value), QUOTED_CHARACTERS)}; expected text or a number.`,
    );
  };
}
