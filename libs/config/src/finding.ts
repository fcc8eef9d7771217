import { at, FlowlineError } from '@flowline/events';

/** Path of a value within a document. */
export type Path = readonly PropertyKey[];

/** One problem in a file or a setting. */
export interface Finding {
  /** Location: `spec.features[2].type`, or the name of a variable. */
  readonly path: string;
  /** The value found and the value expected. */
  readonly finding: string;
  /** Action for the user, as an imperative sentence. */
  readonly remedy: string;
  /** Line of the file, counted from 1. */
  readonly line?: number | undefined;
}

/** Findings that one error lists; the rest is counted. */
const MOST_LISTED = 100;

/** One error that lists every finding as `path: finding — remedy`, up to a hundred. */
export function configInvalid(
  subject: string,
  where: string,
  findings: readonly Finding[],
  cause?: unknown,
): FlowlineError {
  const lines = findings
    .slice(0, MOST_LISTED)
    .map(
      ({ path, finding, remedy, line }) =>
        `  ${path}${line === undefined ? '' : ` (line ${line})`}: ${finding} — ${remedy}`,
    );
  if (findings.length > MOST_LISTED) lines.push(`  and ${findings.length - MOST_LISTED} more`);
  const count = findings.length === 1 ? '1 problem' : `${findings.length} problems`;
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', [`${subject} is not valid (${count}):`, ...lines].join('\n'), {
    where,
    remedy: findings.length === 1 ? at(findings, 0).remedy : 'Correct each line above.',
    cause,
  });
}

/** Formats a path within a document: `spec.features[2].type`. */
export function formatPath(path: Path): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || '(the document)';
}

/** Adds a finding at a path of the document. */
export type Report = (path: Path, finding: string, remedy: string) => void;

/**
 * Creates a reporter that appends findings to the list. `toFinding` supplies their path and line.
 */
export function reporter(findings: Finding[], toFinding: (path: Path) => Pick<Finding, 'path' | 'line'>): Report {
  return (path, finding, remedy) => {
    findings.push({ ...toFinding(path), finding, remedy });
  };
}
