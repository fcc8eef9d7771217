import { type DeadLetterReason, messageOf, Numeral, printable, quoteText } from '@flowline/events';

/** Reason why a record is rejected: the result of an expression that cannot be evaluated. */
export class Fault {
  readonly reason: DeadLetterReason;
  /**
   * Field of the record, or the feature's name if a derived value is at fault; null for the whole
   * record.
   */
  readonly field: string | null;
  readonly message: string;

  constructor(reason: DeadLetterReason, field: string | null, message: string) {
    this.reason = reason;
    this.field = field;
    this.message = message;
  }
}

/** Fault of a record that could not be read because an exception was thrown. */
export function unreadable(error: unknown): Fault {
  const said = messageOf(error);
  return new Fault('unreadable', null, `Reading the record failed: ${said}.`);
}

/** Maximum length of text quoted in a message, in characters. */
const QUOTED_CHARACTERS = 40;

/** Describes a value for a message. The text is short, and the function never throws. */
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

/** Fault of a field whose value has an unexpected type. */
export const wrongType = (field: string, value: unknown, expected: string): Fault =>
  new Fault('wrong_type', field, `${field} is ${describe(value)}; expected ${expected}.`);
