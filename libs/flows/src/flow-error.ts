/** The codes that this library can raise; published, never renamed or reused. */
export type FlowErrorCode =
  | 'FLOWLINE_USAGE'
  | 'FLOWLINE_FEATURES_INVALID'
  | 'FLOWLINE_BACKEND_UNAVAILABLE'
  | 'FLOWLINE_MODEL_INCOMPATIBLE'
  | 'FLOWLINE_MODEL_CORRUPTED'
  | 'FLOWLINE_TRAINING_FAILED'
  | 'FLOWLINE_ABORTED';

/** What a {@link FlowError} says besides its message. */
export interface FlowErrorOptions {
  /** Where it happened: an argument, a variable, a path in a configuration. */
  readonly where?: string;
  /** What to do about it, as an imperative sentence. */
  readonly remedy?: string;
  /** True when the same call may succeed later without anything being changed (default false). */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/** The one error of the flow library: a stable code, what happened, where, and what to do. */
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
