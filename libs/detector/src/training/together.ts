import { at } from '@flowline/events';

/** Work that stops when its signal aborts. */
export type Job = (signal: AbortSignal) => Promise<void>;

/**
 * Runs jobs in order, at most `width` at once. If one fails, the others are aborted, no more begin,
 * and once all have ended the promise rejects with the first error.
 */
export async function together(jobs: readonly Job[], width: number, signal: AbortSignal | undefined): Promise<void> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const errors: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < jobs.length && errors.length === 0) {
      try {
        await at(jobs, next++)(either);
      } catch (error) {
        errors.push(error);
        stop.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, jobs.length) }, lane));
  if (errors.length > 0) throw errors[0];
}
