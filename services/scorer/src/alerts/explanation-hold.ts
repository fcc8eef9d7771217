import { EXPLANATION_WAIT_MS } from '@flowline/db';

/** Time over which a relay has looked at a queue without a break. */
interface Watch {
  readonly sinceMs: number;
  lastMs: number;
}

/**
 * Longest time that messages of a queue may have waited for their explanation. A relay that has not
 * looked at a queue for a minute yet, without a break as long, lets none go without, however old:
 * its process explains as well, and takes up what an outage or a pause has left.
 */
export class ExplanationHold {
  readonly #nowMs: () => number;
  readonly #watches = new Map<string, Watch>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Notes a look at a queue. @returns the longest time in milliseconds; null for no limit. */
  look(queue: string): number | null {
    const nowMs = this.#nowMs();
    for (const [name, { lastMs }] of this.#watches) {
      if (nowMs - lastMs >= EXPLANATION_WAIT_MS) this.#watches.delete(name);
    }
    const watch = this.#watches.get(queue) ?? { sinceMs: nowMs, lastMs: nowMs };
    this.#watches.set(queue, watch);
    watch.lastMs = nowMs;
    return nowMs - watch.sinceMs < EXPLANATION_WAIT_MS ? null : EXPLANATION_WAIT_MS;
  }
}
