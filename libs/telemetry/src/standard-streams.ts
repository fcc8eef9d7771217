import { FlowlineError } from '@flowline/events';

import { reportError } from './report-error.ts';

/** Exit code of a process whose reader has left, as of one that SIGPIPE ends: 128 + 13. */
const READER_LEFT = 141;
/** A reader that has left is no error of anybody: `head` has seen enough. */
const LEFT: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/**
 * Watches standard output and standard error for the life of the process, so that a write that fails
 * is no uncaught error. What a command does goes on; where it ends without another fault, its exit
 * code is 141 once the reader of standard output has left (as other tools end by SIGPIPE), and 1, with
 * one line on standard error, where standard output cannot be written.
 */
export function watchStandardStreams(): void {
  // Nobody is left to tell.
  process.stderr.on('error', () => undefined);
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    process.stdout.on('error', () => undefined);
    const exitCode = LEFT.has(error.code) ? READER_LEFT : reportOutput(error);
    process.on('exit', (code) => {
      if (code === 0) process.exitCode = exitCode;
    });
  });
}

/** Reasons why a write fails, in words. */
const REASONS: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOSPC', 'no space is left on the device'],
  ['EDQUOT', 'the quota of disk space is used up'],
  ['EFBIG', 'the file is as large as it may be'],
]);

/** In one line: where it happened and what to do are in the sentence. */
function reportOutput({ code, message }: NodeJS.ErrnoException): number {
  const reason = REASONS.get(code) ?? message;
  const sentence = `Standard output cannot be written: ${reason}. Make room, or write it elsewhere.`;
  return reportError(new FlowlineError('FLOWLINE_OUTPUT_FAILED', sentence), false);
}
