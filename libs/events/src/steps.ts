/**
 * Computation in steps of a few milliseconds each: it yields wherever the event loop may have a
 * turn, and returns its result.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Rows of a pass over typed arrays between two steps, a millisecond or so. */
const STEP_ROWS = 65_536;
/** Milliseconds between two turns of the event loop. */
const [TURN_MS, SHORT_TURN_MS] = [15, 3];

/** Runs a computation without a turn of the event loop. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Length of the turns of {@link inTurns}, and their clock. */
interface TurnOptions {
  /** Milliseconds between two turns of the event loop (default 15). */
  readonly turnMs?: number;
  readonly nowMs?: (() => number) | undefined;
}

/**
 * Runs a computation with a turn of the event loop every few milliseconds, the first before it
 * starts. A turn takes longer if a single step does. Rejects with the signal's reason at the first
 * turn after it aborts.
 */
export async function inTurns<T>(
  steps: Steps<T>,
  signal?: AbortSignal,
  { turnMs = TURN_MS, nowMs = () => performance.now() }: TurnOptions = {},
): Promise<T> {
  for (;;) {
    await turn(signal);
    const startMs = nowMs();
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (nowMs() - startMs < turnMs);
  }
}

/** Runs a computation in turns of three milliseconds, which suit a process that serves a stream. */
export const inShortTurns = <T>(steps: Steps<T>): Promise<T> => inTurns(steps, undefined, { turnMs: SHORT_TURN_MS });

/** Gives the event loop a turn, then rejects if the signal has aborted. */
export async function turn(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** Bounds [start, end) of the blocks of `size` rows, in order. */
export function* blocksOf(size: number, rows = STEP_ROWS): Generator<readonly [start: number, end: number], void> {
  for (let start = 0; start < size; start += rows) yield [start, Math.min(size, start + rows)];
}
