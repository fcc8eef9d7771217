import { type DeadLetterReason, Numeral, printable, quoteText } from '@flowline/events';

/** What is wrong with a record: the result of an expression that has no value. */
export class Fault {
  readonly reason: DeadLetterReason;
  /** The record's field, or the feature's name where a derived value is at fault; null for the whole record. */
  readonly field: string | null;
  readonly message: string;

  constructor(reason: DeadLetterReason, field: string | null, message: string) {
    this.reason = reason;
    this.field = field;
    this.message = message;
  }
}

/** The fault of a record at which reading itself failed. */
export function unreadable(error: unknown): Fault {
  const said = error instanceof Error ? error.message : String(error);
  return new Fault('unreadable', null, `Reading the record failed: ${said}.`);
}

/** The longest text that a message quotes. */
const QUOTED_CHARACTERS = 40;

/** A value as a message names it: short, and never throwing. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the text ${quoteText(value, QUOTED_CHARACTERS)}`;
    case 'number':
    case 'bigint':
      return `the number ${printable(String(value), QUOTED_CHARACTERS)}`;
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (value instanceof Numeral) return `the number ${printable(value.text, QUOTED_CHARACTERS)}`;
      if (value instanceof Date) return 'a time';
      return Array.isArray(value) ? 'a list' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/** The fault of a field that holds another type than expected. */
export const wrongType = (field: string, value: unknown, expected: string): Fault =>
  new Fault('wrong_type', field, `${field} is ${describe(value)}; expected ${expected}.`);
