import { defer, fromEvent, lastValueFrom, takeUntil } from 'rxjs';

import { type RetryOptions, retryWithBackoff } from './retry-with-backoff.ts';

/**
 * Resolves to the result of a call, which is repeated after each retryable failure without a limit
 * on attempts.
 * @throws any failure that is not retryable.
 */
export function untilItSucceeds<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  return lastValueFrom(defer(call).pipe(retryWithBackoff(options)));
}

/**
 * Like {@link untilItSucceeds}, until a signal is aborted.
 * @returns undefined if the signal came first; a later result of the call is dropped.
 */
export async function untilItSucceedsOr<T>(
  signal: AbortSignal,
  call: () => Promise<T>,
  options: RetryOptions,
): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const result$ = defer(call).pipe(retryWithBackoff(options), takeUntil(fromEvent(signal, 'abort')));
  return lastValueFrom(result$, { defaultValue: undefined });
}
