import { Numeral } from './numeral.ts';

/** Text, or a number, of valid JSON. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[-+.\deE]*/gs;
/** Marks of what is text in JSON, and of what was a number. */
const [TEXT, NUMBER] = ['t', 'n'];

/**
 * Value of JSON text as JSON.parse gives it, but that a number whose text a float64 does not give back is a {@link Numeral}, which
 * keeps it. (JSON.parse itself shows a number's text from Node 22 on; this runs on 20.)
 * @throws SyntaxError for what is no JSON.
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

function unmarked(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(NUMBER) ? new Numeral(value.slice(1)) : value.slice(1);
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.slice(1), unmarked(item)]));
}

const [QUOTE, BACKSLASH, MINUS, PLUS, DOT, ZERO, NINE, UPPER_E, LOWER_E] = [
  0x22, 0x5c, 0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x45, 0x65,
];
/** Whole numbers of so many digits are those of a float64. */
const EXACT_DIGITS = 15;

/** Whether the numbers of valid JSON have the text that JavaScript gives them, as nearly all have. */
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

/** The place of the quote that closes text. */
function endOfText(text: string, start: number): number {
  let at = text.indexOf('"', start);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at;
}

/** Whether a character stands behind an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
