import { defer, fromEvent, lastValueFrom, takeUntil } from 'rxjs';

import { type RetryOptions, retryWithBackoff } from './retry-with-backoff.ts';

/**
 * Result of a call that is made again after each failure that may pass, for as long as it takes.
 * @throws whatever will not pass by itself.
 */
export function untilItSucceeds<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  return lastValueFrom(defer(call).pipe(retryWithBackoff(options)));
}

/**
 * As {@link untilItSucceeds}, until a signal.
 * @returns undefined where the signal came first; what the call resolves to after that is dropped.
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
