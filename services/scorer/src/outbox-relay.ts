import { setTimeout as sleep } from 'node:timers/promises';

import type { Logger } from '@flowline/telemetry';

export interface OutboxRelayOptions {
  /** Sends the oldest alerts that wait and marks them; gives how many, 0 when none wait. */
  readonly relay: () => Promise<number>;
  readonly logger: Logger;
  readonly onSent?: (alerts: number) => void;
  /** How long it waits before it looks again by itself. */
  readonly idleMs?: number;
  readonly maxDelayMs?: number;
}

const IDLE_MS = 500;
const INITIAL_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
const DRAIN_ATTEMPTS = 5;

/**
 * Moves alerts from the outbox to the sink: at least once, oldest first.
 *
 * ```
 *  idle ── start() ──▶ sending ── none wait ──▶ waiting (idleMs) ──▶ sending
 *                        │ └── the sink or the database fails: logged ──▶ waiting (longer each time) ──▶ sending
 *                        └── stop() ──▶ stopped (a send in progress is finished)
 * ```
 */
export class OutboxRelay {
  readonly #options: OutboxRelayOptions;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends the loop; alerts that wait stay in the outbox for the next relay. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Sends until none wait; for the end of a finite source, after stop(). @throws the sink's error, when it keeps failing. */
  async drain(): Promise<void> {
    let failures = 0;
    for (;;) {
      try {
        if ((await this.#send()) === 0) return;
        failures = 0;
      } catch (error) {
        if (++failures >= DRAIN_ATTEMPTS) throw error;
        await sleep(this.#delayMs(failures));
      }
    }
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      let waitMs = 0;
      try {
        if ((await this.#send()) === 0) waitMs = this.#options.idleMs ?? IDLE_MS;
        failures = 0;
      } catch (err) {
        waitMs = this.#delayMs(++failures);
        this.#options.logger.warn({ err, waitMs }, 'alerts wait: they could not be sent');
      }
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  async #send(): Promise<number> {
    const sent = await this.#options.relay();
    if (sent > 0) this.#options.onSent?.(sent);
    return sent;
  }

  #delayMs(failures: number): number {
    return Math.min(this.#options.maxDelayMs ?? MAX_DELAY_MS, INITIAL_DELAY_MS * 2 ** (failures - 1));
  }
}
