import type { ErrorCode } from './error-codes.ts';

/** What a {@link FlowlineError} says besides its message. */
export interface FlowlineErrorOptions {
  /** Where it happened: a path in a file, a column, a partition, an address without secrets. */
  readonly where?: string;
  /** What to do about it, as an imperative sentence. */
  readonly remedy?: string;
  /** True when the same call may succeed later without anything being changed (default false). */
  readonly retryable?: boolean;
  /** The message without values of data, for those who may not read the data (default: the message). */
  readonly publicMessage?: string;
  readonly cause?: unknown;
}

/** The one error of Flowline: a stable code (docs/reference/errors.md), what happened, where, and what to do. */
export class FlowlineError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
  readonly retryable: boolean;
  /** What may be stored where others read it: no value of data is in it. */
  readonly publicMessage: string;

  constructor(code: ErrorCode, message: string, options: FlowlineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FlowlineError';
    this.code = code;
    this.where = options.where;
    this.remedy = options.remedy;
    this.retryable = options.retryable ?? false;
    this.publicMessage = options.publicMessage ?? message;
  }
}
