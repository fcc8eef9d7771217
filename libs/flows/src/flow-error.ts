/** Codes of the errors that this library throws; public, never renamed or reused. */
export type FlowErrorCode =
  | 'FLOWLINE_USAGE'
  | 'FLOWLINE_FEATURES_INVALID'
  | 'FLOWLINE_BACKEND_UNAVAILABLE'
  | 'FLOWLINE_MODEL_INCOMPATIBLE'
  | 'FLOWLINE_MODEL_CORRUPTED'
  | 'FLOWLINE_TRAINING_FAILED'
  | 'FLOWLINE_ABORTED';

/** Content of a {@link FlowError} besides its code and message. */
export interface FlowErrorOptions {
  /** Location of the error: an argument, a variable, a path in a configuration. */
  readonly where?: string;
  /** Action that fixes the error, as an imperative sentence. */
  readonly remedy?: string;
  /** True if the same call may succeed later without any change (default false). */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The only error class of the flow library: a stable code, what happened, where, and what to do.
 */
export class FlowError extends Error {
  readonly code: FlowErrorCode;
  readonly where: string | undefined;
  readonly remedy: string | undefined;
  readonly retryable: boolean;

  constructor(code: FlowErrorCode, message: string, options: FlowErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FlowError';
    this.code = code;
    this.where = options.where;
    this.remedy = options.remedy;
    this.retryable = options.retryable ?? false;
  }
}
