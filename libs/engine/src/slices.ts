import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** Computation in parts: it yields wherever it can be interrupted. */
export type Sliced<T> = Generator<undefined, T, undefined>;

/** Length of a slice, after which the event loop gets a turn. */
export const SLICE_MS = 3;

/** Runs a computation without interruption. */
export const atOnce = <T>(work: Sliced<T>): T => {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
  }
};

/**
 * Runs a computation in slices of {@link SLICE_MS}, with a turn of the event loop before each one,
 * the first included. A slice takes longer if a single part does.
 */
export const inSlices = async <T>(work: Sliced<T>, nowMs: () => number = () => performance.now()): Promise<T> => {
  for (;;) {
    await yieldToEventLoop();
    const startMs = nowMs();
    do {
      const part = work.next();
      if (part.done === true) return part.value;
    } while (nowMs() - startMs < SLICE_MS);
  }
};
