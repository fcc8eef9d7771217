import { FlowlineError } from '@flowline/events';

import { reportError } from './report-error.ts';

/**
 * Exit code after the reader of standard output has left, as for a process ended by SIGPIPE: 128 +
 * 13.
 */
const READER_LEFT = 141;
/** Error codes of a reader that has left, such as `head`, which is not a failure. */
const LEFT: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/**
 * Watches standard output and standard error for the life of the process, so that a failed write is
 * not an uncaught error. The command continues. If it ends without another error, its exit code is
 * 141 once the reader of standard output has left (as other tools end by SIGPIPE), or 1, with one
 * line on standard error, if standard output cannot be written.
 */
export function watchStandardStreams(): void {
  // There is nowhere left to report it.
  process.stderr.on('error', () => undefined);
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => undefined);
    const exitCode = LEFT.has(error.code) ? READER_LEFT : reportOutput(error);
    process.on('exit', (code) => {
      if (code === 0) process.exitCode = exitCode;
    });
  });
}

/** Descriptions of write errors, by code. */
const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the quota of disk space is used up'],
  ['EFBIG', 'the file has reached its maximum size'],
]);

/** Reports a failed write in one line: the sentence says where it happened and what to do. */
function reportOutput({ code, message }: NodeJS.ErrnoException): number {
  const reason = REASONS.get(code) ?? message;
  const sentence = `Standard output cannot be written: ${reason}. Make room, or write it elsewhere.`;
  return reportError(new FlowlineError('FLOWLINE_OUTPUT_FAILED', sentence), false);
}
