import { at, printable, printableJson, printableLines } from '@flowline/events';

/** Exit codes of commands. 3: the command ran, and a check did not pass. */
export const exitCodes = { ok: 0, error: 1, usage: 2, gateFailed: 3 } as const;

/** Prints a command's result: the data as one line of JSON, or the text made from it for people. */
export function printResult<Result>(result: Result, json: boolean, text: (result: Result) => string): void {
  process.stdout.write(`${json ? printableJson(JSON.stringify(result)) : printableLines(text(result))}\n`);
}

/** Prints a warning next to the result, as one line on standard error. */
export function printWarning(warning: string): void {
  process.stderr.write(`warning: ${printable(warning, WARNING_CHARACTERS)}\n`);
}

const WARNING_CHARACTERS = 2_000;
/** Maximum length of a cell. The summary of an anomaly is shorter. */
const CELL_CHARACTERS = 300;

/** Formats a table as aligned text, with one short line per cell. Numbers are aligned right. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = [header, ...rows].map((row) => row.map((cell) => printable(String(cell), CELL_CHARACTERS)));
  const widths = header.map((_, column) => Math.max(...texts.map((row) => at(row, column).length)));
  return texts
    .map((row, line) =>
      row
        .map((text, column) => {
          const right = typeof rows[Math.max(0, line - 1)]?.[column] === 'number';
          const width = at(widths, column);
          return right ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Formats a time with its zone: `2026-05-01 14:05:00Z`. */
export const formatTime = (time: Date): string => `${time.toISOString().slice(0, 19).replace('T', ' ')}Z`;

/** Formats a count with separators, e.g. 20,000. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');

/** Formats a number of things: 1 flow, 2 flows. */
export const plural = (count: number, noun: string): string => `${count} ${count === 1 ? noun : `${noun}s`}`;

/**
 * Formats a number with `digits` significant digits. Uses exponents only from 1e6 up and below
 * 1e−4.
 */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}
