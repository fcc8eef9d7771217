import type { ErrorCode } from './error-codes.ts';

/** Details of a {@link FlowlineError} besides its message. */
export interface FlowlineErrorOptions {
  /** Place of the error: a path in a file, a column, a partition, or an address without secrets. */
  readonly where?: string;
  /** Action for the user, as an imperative sentence. */
  readonly remedy?: string;
  /** True if the same call may succeed later with nothing changed (default false). */
  readonly retryable?: boolean;
  /**
   * The message without data values, for readers who may not see the data (default: the message).
   */
  readonly publicMessage?: string;
  readonly cause?: unknown;
}

/**
 * Flowline's only error class: a stable code (docs/reference/errors.md), what happened, where, and
 * what to do.
 */
export class FlowlineError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
  readonly retryable: boolean;
  /** Message that is safe to store where others read it: it holds no data values. */
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
