import { breathe } from './breathe.ts';

/** A computation in parts: it yields wherever it can be put off for a while. */
export type Sliced<T> = Generator<undefined, T, undefined>;

/** The event loop gets its turn after so long. */
export const SLICE_MS = 3;

/** Runs a computation without a stop. */
export const atOnce = <T>(work: Sliced<T>): T => {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
  }
};

/**
 * Runs a computation in slices of some milliseconds; before each of them, the first one too, the event loop has its turn. A slice
 * is longer where a single part is.
 */
export const inSlices = async <T>(work: Sliced<T>, nowMs: () => number = () => performance.now()): Promise<T> => {
  for (;;) {
    await breathe();
    const startMs = nowMs();
    do {
      const part = work.next();
      if (part.done === true) return part.value;
    } while (nowMs() - startMs < SLICE_MS);
  }
};
