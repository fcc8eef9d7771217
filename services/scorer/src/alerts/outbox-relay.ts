import { setTimeout as sleep } from 'node:timers/promises';

import type { OutboxQueue, RelayReport } from '@flowline/db';
import { type Logger, pause } from '@flowline/telemetry';

export interface OutboxRelayOptions {
  /** Queues with pending alerts that this process sends. */
  readonly queues: () => Promise<readonly OutboxQueue[]>;
  /** Sends the oldest alerts of a queue and marks them. */
  readonly relay: (queue: OutboxQueue) => Promise<RelayReport>;
  readonly logger: Logger;
  readonly onSent?: (alerts: number) => void;
  /** Called with the number of alerts set aside because their sink will never take them. */
  readonly onRefused?: (alerts: number) => void;
  /** Delay between two looks at an empty outbox. */
  readonly idleMs?: number;
  readonly maxDelayMs?: number;
}

/** A queue whose last send failed. */
interface Failing {
  readonly failures: number;
  /** Time of the next attempt, on the clock of performance.now. */
  readonly dueMs: number;
  readonly error: unknown;
}

const IDLE_MS = 500;
const INITIAL_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
const DRAIN_ATTEMPTS = 5;

/**
 * Moves alerts from the outbox to the sink: at least once, oldest first in each queue. A failing
 * queue backs off in a lane of its own, so that it delays no other queue. The two lanes hold at
 * most two connections to the database.
 *
 * ```
 *  idle ── start() ──▶ healthy lane: queue by queue ── none pending ──▶ waiting (idleMs) ─▶ …
 *                        │ ▲
 *    a queue fails: logged │ it succeeds
 *                        ▼ │
 *                      failing lane: each when it is due ──▶ waiting (backoff) ─▶ …
 *  stop(): a send in progress is finished
 * ```
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #stop = new AbortController();
  readonly #failing = new Map<string, Failing>();
  #lanes: Promise<unknown> | undefined;
  #isAbandoned = false;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#lanes ??= Promise.all([
      this.#lane((queue) => !this.#failing.has(nameOf(queue))),
      this.#lane((queue) => (this.#failing.get(nameOf(queue))?.dueMs ?? Infinity) <= performance.now()),
    ]);
  }

  /** Ends both lanes. Pending alerts stay in the outbox for the next relay. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#lanes;
  }

  /**
   * Ends both lanes and {@link drain}: the sink takes nothing any more, and pending alerts stay in
   * the outbox.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#stop.abort();
  }

  /**
   * Sends until no alerts are pending; for the end of a finite source, after stop().
   * @throws the sink's error, if a queue keeps failing.
   */
  async drain(): Promise<void> {
    this.#failing.clear();
    const hopeless = (queue: OutboxQueue): boolean =>
      (this.#failing.get(nameOf(queue))?.failures ?? 0) >= DRAIN_ATTEMPTS;
    let failures = 0;
    while (!this.#abandoned()) {
      try {
        const waiting = await this.#options.queues();
        const open = waiting.filter((queue) => !hopeless(queue));
        if (open.length === 0) break;
        const dueMs = Math.min(...open.map((queue) => this.#failing.get(nameOf(queue))?.dueMs ?? -Infinity));
        await sleep(Math.max(0, dueMs - performance.now()));
        let isShorter = false;
        for (const queue of open) isShorter = (await this.#send(queue)) || isShorter;
        // Another process sends what is left.
        if (!isShorter) await sleep(this.#options.idleMs ?? IDLE_MS);
        failures = 0;
      } catch (error) {
        if (++failures >= DRAIN_ATTEMPTS) throw error;
        await sleep(this.#delayMs(failures));
      }
    }
    if (this.#abandoned()) return;
    for (const { error } of this.#failing.values()) throw error;
  }

  /**
   * Sends the queues of one lane until the relay stops; when none are pending, it looks again after
   * a delay.
   */
  async #lane(isMine: (queue: OutboxQueue) => boolean): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    const isStopped = (): boolean => signal.aborted;
    while (!isStopped()) {
      let waitMs = this.#options.idleMs ?? IDLE_MS;
      try {
        for (const queue of await this.#options.queues()) {
          if (isStopped() || !isMine(queue)) continue;
          // The queue may hold more, and there may be new ones.
          if (await this.#send(queue)) waitMs = 0;
        }
        failures = 0;
      } catch (err) {
        waitMs = this.#delayMs(++failures);
        this.#options.logger.warn({ err, waitMs }, 'alerts wait: the outbox cannot be read');
      }
      if (waitMs > 0) await pause(waitMs, signal);
    }
  }

  /**
   * @returns true if the queue has become shorter.
   * @throws FlowlineError of the database.
   */
  async #send(queue: OutboxQueue): Promise<boolean> {
    const { relay, logger, onSent, onRefused } = this.#options;
    const { sent, unexplained, refused, failure } = await relay(queue);
    if (sent > 0) onSent?.(sent);
    if (unexplained > 0) logger.warn({ ...queue, alerts: unexplained }, UNEXPLAINED);
    const [first] = refused;
    if (first !== undefined) {
      onRefused?.(refused.length);
      const fields = { ...queue, alerts: refused.length, messageId: first.messageId, err: first.error };
      logger.warn(fields, 'alerts were set aside: their sink rejects them (flowline alerts dead ls)');
    }
    const name = nameOf(queue);
    if (failure === null) {
      this.#failing.delete(name);
    } else {
      const failures = (this.#failing.get(name)?.failures ?? 0) + 1;
      const waitMs = this.#delayMs(failures);
      this.#failing.set(name, { failures, dueMs: performance.now() + waitMs, error: failure.error });
      if (!this.#abandoned())
        logger.warn({ ...queue, err: failure.error, waitMs }, 'alerts wait: they could not be sent');
    }
    return sent + refused.length > 0;
  }

  #abandoned(): boolean {
    return this.#isAbandoned;
  }

  #delayMs(failures: number): number {
    return Math.min(this.#options.maxDelayMs ?? MAX_DELAY_MS, INITIAL_DELAY_MS * 2 ** (failures - 1));
  }
}

const UNEXPLAINED = 'alerts left without the explanation that they waited for: explaining them takes too long';
const nameOf = ({ detector, topic }: OutboxQueue): string => `${detector}/${topic}`;
