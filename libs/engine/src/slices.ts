import { inTurns, type Steps } from '@flowline/events';

/** Length of a slice, after which the event loop gets a turn. */
export const SLICE_MS = 3;

/** Runs a computation in slices of {@link SLICE_MS}, which suit work in a process that scores. */
export const inSlices = <T>(work: Steps<T>, nowMs?: () => number): Promise<T> =>
  inTurns(work, undefined, { turnMs: SLICE_MS, nowMs });
