import { FlowlineError } from '@flowline/events';

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

/** One error that lists every finding as `path: finding — remedy`. */
export function configInvalid(
  subject: string,
  where: string,
  findings: readonly Finding[],
  cause?: unknown,
): FlowlineError {
  const lines = findings.map(
    ({ path, finding, remedy, line }) =>
      `  ${path}${line === undefined ? '' : ` (line ${line})`}: ${finding} — ${remedy}`,
  );
  const count = findings.length === 1 ? '1 problem' : `${findings.length} problems`;
  return new FlowlineError('FLOWLINE_CONFIG_INVALID', [`${subject} is not valid (${count}):`, ...lines].join('\n'), {
    where,
    remedy: findings.length === 1 ? (findings[0]?.remedy ?? '') : 'Correct each line above.',
    cause,
  });
}

/** Formats a path within a document: `spec.features[2].type`. */
export function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || '(the document)';
}
