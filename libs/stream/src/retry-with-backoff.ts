import { type MonoTypeOperatorFunction, retry, throwError, timer } from 'rxjs';

/** One failure that will be tried again. */
export interface RetryNotice {
  readonly error: unknown;
  /** How often it has failed in a row, from 1. */
  readonly failures: number;
  readonly delayMs: number;
}

export interface RetryOptions {
  /** Which failures may pass by themselves; default: errors with `retryable: true`. */
  readonly isRetryable?: (error: unknown) => boolean;
  readonly initialDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Told of every failure before its delay. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /** In [0, 1): spreads the delays of many processes over half to all of each; default Math.random. */
  readonly random?: () => number;
}

/** Whether an error says of itself that the same call may succeed later. */
export function isRetryableError(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}

/**
 * Subscribes again after a failure that may pass, for as long as it takes: delays double from `initialDelayMs` to at most
 * `maxDelayMs`, each shortened at random by up to half. A value resets the count. Other failures pass through.
 */
export function retryWithBackoff<T>(options: RetryOptions = {}): MonoTypeOperatorFunction<T> {
  const { isRetryable = isRetryableError, initialDelayMs = 100, maxDelayMs = 10_000, onRetry } = options;
  const { random = Math.random } = options;
  return retry({
    resetOnSuccess: true,
    delay: (error: unknown, failures) => {
      if (!isRetryable(error)) return throwError(() => error);
      const bound = Math.min(maxDelayMs, initialDelayMs * 2 ** (failures - 1));
      const delayMs = Math.round(bound * (1 - random() / 2));
      onRetry?.({ error, failures, delayMs });
      return timer(delayMs);
    },
  });
}
