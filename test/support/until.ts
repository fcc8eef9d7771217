import { setTimeout as sleep } from 'node:timers/promises';

/** Patience of a wait, and what it says when it gives up. */
export interface Patience {
  readonly timeoutMs?: number;
  /** Pause between two looks. Default 50 ms. */
  readonly everyMs?: number;
  /** Text added to the error, such as the log of a process. */
  readonly detail?: () => string;
}

const EVERY_MS = 50;

/**
 * Polls until a condition holds.
 * @throws Error that names it, after `timeoutMs` (default two minutes).
 */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  { timeoutMs = 120_000, everyMs = EVERY_MS, detail }: Patience = {},
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s${added(detail)}`);
    await sleep(everyMs);
  }
}

/**
 * Polls a number until it reaches `wanted`.
 * @throws Error that names it, after `timeoutMs` without progress (default one minute).
 */
export async function untilReached(
  what: string,
  wanted: number,
  read: () => Promise<number>,
  { timeoutMs = 60_000, everyMs = EVERY_MS, detail }: Patience = {},
): Promise<void> {
  let best = -1;
  let movedMs = Date.now();
  for (;;) {
    const now = await read();
    if (now >= wanted) return;
    if (now > best) movedMs = Date.now();
    best = Math.max(best, now);
    if (Date.now() - movedMs > timeoutMs) {
      throw new Error(`${what}: ${now} of ${wanted}, unchanged for ${timeoutMs / 1000} s${added(detail)}`);
    }
    await sleep(everyMs);
  }
}

/**
 * Retries an action until it succeeds, and resolves to its result.
 * @throws the last error, after `timeoutMs` (default 30 s) or once `isHopeless`.
 */
export async function eventually<T>(
  action: () => T | Promise<T>,
  {
    timeoutMs = 30_000,
    everyMs = EVERY_MS,
    isHopeless = () => false,
  }: Omit<Patience, 'detail'> & { readonly isHopeless?: () => boolean } = {},
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (Date.now() > deadlineMs || isHopeless()) throw error;
      await sleep(everyMs);
    }
  }
}

const added = (detail?: () => string): string => (detail === undefined ? '' : `:\n${detail()}`);
