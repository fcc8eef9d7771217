import { toNumeral, type Numeral } from '@flowline/events';

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/;
/** Booleans, including `t` and `f` as COPY writes them. */
const BOOLEAN = /^(t|true|f|false)$/i;
/** Words by which programs write a missing number into CSV, which has none of its own. */
const MISSING = /^\s*(na|n\/a|null|\\n)?\s*$/i;
/** Numbers that are none, as programs write them. */
const NOT_FINITE = /^\s*[-+]?(nan|inf(inity)?)\s*$/i;

/** Number that the text of a cell is; undefined for any other text. */
export function cellNumber(text: string): number | Numeral | undefined {
  return NUMBER.test(text) ? toNumeral(text.trim()) : undefined;
}

/**
 * Nearest float64 of the number that the text of a cell is, where its spelling does not matter;
 * undefined for any other text.
 */
export function cellFloat(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** Boolean that the text of a cell is; undefined for any other text. */
export function cellBoolean(text: string): boolean | undefined {
  return BOOLEAN.test(text) ? /^t/i.test(text) : undefined;
}

/** True for the text of a cell that stands for no number: empty, `NA`, `null` or `\N`. */
export const isMissingNumber = (text: string): boolean => MISSING.test(text);

/**
 * `NaN` or an infinity that a text is, which no model takes: they are faults of an event. Undefined
 * for any other text.
 */
export function notFinite(text: string): number | undefined {
  if (!NOT_FINITE.test(text)) return undefined;
  if (/nan/i.test(text)) return NaN;
  return text.includes('-') ? -Infinity : Infinity;
}
