import { printable, printableLines } from '@flowline/events';

/** Maximum characters of the sentence of a log line. */
const SENTENCE_CHARACTERS = 4_000;

/**
 * Escapes the texts of a JSON log line for display, so that none can control the terminal. The
 * sentence (`msg`) becomes one line; other texts, such as stacks, keep their line breaks.
 */
export function terminalLine(line: string): string {
  return `${JSON.stringify(shown(JSON.parse(line)))}\n`;
}

function shown(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'msg' ? printable(value, SENTENCE_CHARACTERS) : printableLines(value);
  if (Array.isArray(value)) return value.map((item) => shown(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), shown(inner, key)]));
}
