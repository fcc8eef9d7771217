/** What a person reads of an error, and a program: its code, what happened, where, and what to do. */
interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly remedy: string | null;
}

/**
 * Prints an error: as text on standard error, or as one line of JSON on standard output where a program reads that.
 * @returns the exit code: 2 for wrong usage, 1 for anything else.
 */
export function reportError(error: unknown, json: boolean): number {
  const report = reportOf(error);
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: report })}\n`);
  } else {
    const lines = [`error ${report.code}: ${report.message}`];
    if (report.where !== null) lines.push(`  where:  ${report.where}`);
    if (report.remedy !== null) lines.push(`  remedy: ${report.remedy}`);
    process.stderr.write(`${lines.join('\n')}\n`);
  }
  return report.code === 'FLOWLINE_USAGE' ? 2 : 1;
}

/** FlowlineError and FlowError have the same fields; anything else is a fault of the program. */
function reportOf(error: unknown): ErrorReport {
  const field = (name: string): string | null => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    return typeof value === 'string' ? value : null;
  };
  const code = field('code');
  const ours = code?.startsWith('FLOWLINE_') === true;
  return {
    code: ours ? code : 'FLOWLINE_UNEXPECTED',
    message: field('message') ?? String(error),
    where: ours ? field('where') : (field('stack')?.split('\n')[1]?.trim() ?? null),
    remedy: ours ? field('remedy') : 'This is a fault of Flowline: please report it with the command that you ran.',
  };
}
