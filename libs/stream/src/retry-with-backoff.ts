import { type MonoTypeOperatorFunction, retry, throwError, timer } from 'rxjs';

/** One failure that will be retried. */
export interface RetryNotice {
  readonly error: unknown;
  /** Number of consecutive failures, from 1. */
  readonly failures: number;
  readonly delayMs: number;
}

export interface RetryOptions {
  /** True for failures that are worth retrying. Default: errors with `retryable: true`. */
  readonly isRetryable?: (error: unknown) => boolean;
  readonly initialDelayMs?: number;
  readonly maxDelayMs?: number;
  /** Called for every failure, before its delay. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /**
   * Random number in [0, 1) that spreads the delays of many processes: each delay is half to all of
   * its nominal length. Default: Math.random.
   */
  readonly random?: () => number;
}

/** True if an error is marked as retryable: the same call may succeed later. */
export function isRetryableError(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true;
}

/**
 * Resubscribes after a retryable failure, without a limit on attempts. Delays double from
 * `initialDelayMs` up to `maxDelayMs`, each shortened at random by up to half. An emitted value
 * resets the count. Other failures pass through.
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
