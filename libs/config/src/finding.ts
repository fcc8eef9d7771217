import { FlowlineError } from '@flowline/events';

/** One thing that is wrong with a file or a setting. */
export interface Finding {
  /** Where: `spec.features[2].type`, or the name of a variable. */
  readonly path: string;
  /** What was found and what was expected. */
  readonly finding: string;
  /** What to do about it, as an imperative sentence. */
  readonly remedy: string;
  /** Line of the file, from 1. */
  readonly line?: number | undefined;
}

/** One error that lists every finding, each as `path: finding — remedy`. */
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

/** A path within a document as people write it: `spec.features[2].type`. */
export function formatPath(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || '(the document)';
}
