import type { Backoff } from '@flowline/db';
import { FlowlineError } from '@flowline/events';

/** Maximum attempts at a training that fails for reasons that may pass. */
const MAX_ATTEMPTS = 5;
/** Maximum attempts at a training that is interrupted: each costs what it trains. */
const MAX_INTERRUPTIONS = 100;
/** Wait after the first failure; each later one is four times as long. */
const FIRST_SECONDS = 60;
const GROWTH = 4;

/**
 * Backoff after an attempt that failed; null if the reason will not pass by itself. A training that
 * a signal ended goes on as soon as there is a trainer. Others wait 1, 4, 16 and 64 minutes, and up
 * to half as long again, by `jitter` in [0, 1), so that detectors that failed together do not come
 * back together.
 */
export function backoffAfter(error: unknown, attempt: number, jitter: number): Backoff | null {
  if (!(error instanceof FlowlineError)) return null;
  if (error.code === 'FLOWLINE_ABORTED') return { seconds: 0, maxAttempts: MAX_INTERRUPTIONS };
  if (!error.retryable) return null;
  return { seconds: FIRST_SECONDS * GROWTH ** (attempt - 1) * (1 + jitter / 2), maxAttempts: MAX_ATTEMPTS };
}
