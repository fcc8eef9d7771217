import { Numeral } from './numeral.ts';

/**
 * Numbers that a float64 may not give back as they were written: of 16 digits and more, with an exponent, with zeros that carry
 * nothing. Text in strings may look alike; it only takes the longer way.
 */
const UNUSUAL = /(?:^|[\s[:,])-?(?:[\d.]{16}|\d+\.?\d*[eE]|\d+\.\d*0(?!\d)|0\.000000|0(?<=-0)(?![\d.]))/;
/** Text, or a number, of valid JSON. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[-+.\deE]*/gs;
/** Marks of what is text in JSON, and of what was a number. */
const [TEXT, NUMBER] = ['t', 'n'];

/**
 * Value of JSON text as JSON.parse gives it, but that a number whose digits a float64 would change is a {@link Numeral}, which keeps
 * them. (JSON.parse shows a number's text from Node 22 on; this runs on 20.)
 * @throws SyntaxError for what is no JSON.
 */
export function parseJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  if (!UNUSUAL.test(text)) return value;
  let isKept = true;
  const marked = text.replace(TOKENS, (token) => {
    if (token.startsWith('"')) return `"${TEXT}${token.slice(1)}`;
    if (String(Number(token)) === token) return token;
    isKept = false;
    return `"${NUMBER}${token}"`;
  });
  return isKept ? value : unmarked(JSON.parse(marked));
}

function unmarked(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith(NUMBER) ? new Numeral(value.slice(1)) : value.slice(1);
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.slice(1), unmarked(item)]));
}
