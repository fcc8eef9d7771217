import { FlowlineError } from '@flowline/events';

/** What a command ends with. 3: it ran, and what it checked did not pass. */
export const exitCodes = { ok: 0, error: 1, usage: 2, gateFailed: 3 } as const;

/** An error as people and programs read it: what, where, and what to do. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly remedy: string | null;
}

/** Any thrown value as a report; only an error without a code of ours is unexpected. */
export function reportOf(error: unknown): ErrorReport {
  if (error instanceof FlowlineError || isCoded(error)) {
    return { code: error.code, message: error.message, where: error.where ?? null, remedy: error.remedy ?? null };
  }
  return {
    code: 'FLOWLINE_UNEXPECTED',
    message: error instanceof Error ? error.message : String(error),
    where: error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? null) : null,
    remedy: 'This is a fault of Flowline: please report it with the command that you ran.',
  };
}

/** Libraries that know nothing of ours throw errors of the same shape. */
function isCoded(error: unknown): error is Error & { code: string; where?: string; remedy?: string } {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(FLOWLINE|FLOW)_/.test(error.code)
  );
}

/** Prints an error: as text on standard error, or as one JSON line on standard output where a program reads that. */
export function printError(error: unknown, json: boolean): void {
  const report = reportOf(error);
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: report })}\n`);
    return;
  }
  const lines = [`error ${report.code}: ${report.message}`];
  if (report.where !== null) lines.push(`  where:  ${report.where}`);
  if (report.remedy !== null) lines.push(`  remedy: ${report.remedy}`);
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** The exit code of an error. */
export const exitCodeOf = (error: unknown): number =>
  reportOf(error).code === 'FLOWLINE_USAGE' ? exitCodes.usage : exitCodes.error;

/** Prints a command's result: one JSON line, or the text made of it. */
export function printResult<Result>(result: Result, json: boolean, text: (result: Result) => string): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text(result)}\n`);
}

/** Columns aligned as text; numbers to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)));
  return texts
    .map((row, line) =>
      row
        .map((text, column) => {
          const right = typeof rows[Math.max(0, line - 1)]?.[column] === 'number';
          const width = widths[column] ?? 0;
          return right ? text.padStart(width) : text.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A count with separators, e.g. 20,000. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US');

/** A number with so many significant digits, without exponents where a person reads none. */
export function formatNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4)) return value.toExponential(digits - 1);
  return String(Number(value.toPrecision(digits)));
}
