import { Numeral } from './numeral.ts';

/** Strings and numbers in valid JSON. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[-+.\deE]*/gs;
/** Prefixes that mark a string, and a number rewritten as a string. */
const [TEXT, NUMBER] = ['t', 'n'];

/**
 * Parses JSON text like JSON.parse, except that a number whose text a float64 does not reproduce
 * becomes a {@link Numeral}. (JSON.parse itself exposes the source text of numbers only from Node
 * 22 on; this runs on 20.)
 * @throws SyntaxError for invalid JSON.
 */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (keepsNumbers(text)) return value;
  const marked = text.replace(TOKENS, (token) => {
    if (token.startsWith('"')) return `"${TEXT}${token.slice(1)}`;
    return String(Number(token)) === token ? token : `"${NUMBER}${token}"`;
  });
  return unmarked(JSON.parse(marked));
}

type Filled = unknown[] | Record<string, unknown>;

/** Removes the marks from a value of any depth: without recursion, as JSON.parse itself. */
function unmarked(root: unknown): unknown {
  const unfilled: { readonly marked: object; readonly filled: Filled }[] = [];
  const convert = (value: unknown): unknown => {
    if (typeof value === 'string') return value.startsWith(NUMBER) ? new Numeral(value.slice(1)) : value.slice(1);
    if (typeof value !== 'object' || value === null) return value;
    const filled = Array.isArray(value) ? [] : {};
    unfilled.push({ marked: value, filled });
    return filled;
  };
  const result = convert(root);
  for (let next = unfilled.pop(); next !== undefined; next = unfilled.pop()) {
    for (const [name, item] of Object.entries(next.marked)) add(next.filled, name, convert(item));
  }
  return result;
}

/** Adds an item to an array, or a field to an object. */
function add(filled: Filled, name: string, value: unknown): void {
  if (Array.isArray(filled)) filled.push(value);
  // An assignment would set the prototype instead.
  else if (name === PROTOTYPE) Object.defineProperty(filled, '__proto__', { value, ...OWN });
  else filled[name.slice(1)] = value;
}

const PROTOTYPE = `${TEXT}__proto__`;
const OWN = { configurable: true, enumerable: true, writable: true };

const [QUOTE, BACKSLASH, MINUS, PLUS, DOT, ZERO, NINE, UPPER_E, LOWER_E] = [
  0x22, 0x5c, 0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x45, 0x65,
];
/** Whole numbers of up to this many digits are exact in a float64. */
const EXACT_DIGITS = 15;

/**
 * True if every number in valid JSON has the text that JavaScript prints for it, as nearly all
 * have.
 */
function keepsNumbers(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfText(text, at + 1);
    } else if (code === MINUS || isDigit(code)) {
      const start = at;
      let isWhole = code !== MINUS;
      for (;;) {
        const next = text.charCodeAt(++at);
        if (isDigit(next)) continue;
        if (!(next === DOT || next === LOWER_E || next === UPPER_E || next === PLUS || next === MINUS)) break;
        isWhole = false;
      }
      if (isWhole && at - start <= EXACT_DIGITS) continue;
      const number = text.slice(start, at);
      if (String(Number(number)) !== number) return false;
    }
  }
  return true;
}

/** Index of the quote that closes a string. */
function endOfText(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at;
}

/** True if an odd number of backslashes precedes a character. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
