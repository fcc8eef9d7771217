import { printableJson, printableLines } from '@flowline/events';

import { createLogger } from './logger.ts';
import { scrubSecrets } from './scrub-secrets.ts';

/** Error report for people and programs: its code, what happened, where, and what to do. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly remedy: string | null;
  readonly retryable: boolean;
}

/** Output streams for a report. */
export interface ReportStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Maximum lines of a report, which has one for each problem in a file. */
const REPORT_LINES = 200;

/**
 * Prints the error that ended a process: as text on standard error or, with `json`, as one line of
 * JSON on standard output.
 * @returns the exit code: 2 for wrong usage, 1 for anything else.
 */
export function reportError(error: unknown, json: boolean, streams: ReportStreams = process): number {
  const report = errorReport(error);
  if (json) {
    streams.stdout.write(`${printableJson(JSON.stringify({ error: report }))}\n`);
  } else {
    const lines = [`error ${report.code}: ${report.message}`];
    if (report.where !== null) lines.push(`  where:  ${report.where}`);
    if (report.remedy !== null) lines.push(`  remedy: ${report.remedy}`);
    streams.stderr.write(`${printableLines(lines.join('\n'), REPORT_LINES)}\n`);
  }
  return exitCodeOf(report);
}

/**
 * Prints the error that ended a service: like {@link reportError} on a terminal or with `json`,
 * else as a line of its log, in the format of the lines before it.
 * @returns the exit code.
 */
export function reportServiceError(name: string, error: unknown, json: boolean): number {
  if (json || process.stderr.isTTY) return reportError(error, json);
  createLogger({ name }).error({ err: error }, 'the service has ended');
  return exitCodeOf(errorReport(error));
}

const exitCodeOf = ({ code }: ErrorReport): number => (code === 'FLOWLINE_USAGE' ? 2 : 1);

/** Descriptions of file system errors, by code. */
const FILE_FAULTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOENT: 'there is no such file or folder',
    ENOTDIR: 'a part of the path is not a folder',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left on the device',
    EDQUOT: 'the quota of disk space is used up',
    EMFILE: 'too many files are open',
    ENAMETOOLONG: 'the name is too long',
  }),
);

/**
 * System calls on an open file, whose errors have no path. Sockets share the calls, but not these
 * error codes.
 */
const FILE_CALLS: ReadonlySet<string> = new Set(['read', 'write', 'fsync', 'ftruncate']);

/**
 * Converts any thrown value to a report, without secrets. An error without a Flowline code is a bug
 * in Flowline, unless it is a file system error.
 */
export function errorReport(error: unknown): ErrorReport {
  const field = (name: string): string | null => {
    const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
    return typeof value === 'string' ? String(scrubSecrets(value)) : null;
  };
  const code = field('code');
  const message = field('message') ?? String(scrubSecrets(String(error)));
  if (code?.startsWith('FLOWLINE_') !== true) {
    const reason = FILE_FAULTS.get(code ?? '');
    const path = field('path');
    const call = field('syscall') ?? '';
    const aboutFile = path === null ? FILE_CALLS.has(call) : !/^(spawn|connect|listen|bind)/.test(call);
    if (reason !== undefined && aboutFile) {
      return {
        code: 'FLOWLINE_FILE_UNREADABLE',
        message: `${path ?? 'A file'} cannot be read or written: ${reason}`,
        where: path,
        remedy: 'Check the path, its permissions and the space that is left.',
        retryable: false,
      };
    }
    return {
      code: 'FLOWLINE_UNEXPECTED',
      message,
      where: field('stack')?.split('\n')[1]?.trim() ?? null,
      remedy: 'This is a bug in Flowline: please report it with the command that you ran.',
      retryable: false,
    };
  }
  const retryable = error instanceof Error && 'retryable' in error && error.retryable === true;
  return { code, message, where: field('where'), remedy: field('remedy'), retryable };
}
