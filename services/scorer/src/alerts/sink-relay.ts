import { setTimeout as sleep } from 'node:timers/promises';

import type { DeliveryReport, WaitingSink } from '@flowline/db';
import { messageOf } from '@flowline/events';
import { type Logger, pause } from '@flowline/telemetry';

/** A send to a sink: its outcome, and the number of messages it took on. */
export interface SinkSend extends DeliveryReport {
  readonly claimed: number;
}

export interface SinkRelayOptions {
  /** Sinks by name with messages of this process's detectors. */
  readonly waiting: () => Promise<readonly WaitingSink[]>;
  /** Sends a sink its next due messages. Rejects if the sink is not there, or of the database. */
  readonly send: (sink: string) => Promise<SinkSend>;
  /** Notes why messages of a sink wait. */
  readonly noteWaiting: (sink: string, reason: string) => Promise<void>;
  /** Begins to tell sinks of open alerts again, where they ask for it. */
  readonly resend: () => void;
  readonly logger: Logger;
  readonly onSent?: (sink: string, messages: number) => void;
  readonly onSetAside?: (sink: string, messages: number) => void;
  /** Delay between two looks at the outbox. */
  readonly idleMs?: number;
  /** Time for sends in progress at the end. */
  readonly graceMs?: number;
}

/** A sink whose last send failed. */
interface Failing {
  readonly failures: number;
  readonly dueMs: number;
  readonly error: unknown;
}

const IDLE_MS = 500;
const GRACE_MS = 3_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** Failures of a sink in a row after which the end of a finite source waits for it no longer. */
const DRAIN_FAILURES = 4;

/**
 * Moves messages from the outbox to sinks by name. Each sink is sent to by itself: one that fails
 * or hangs holds up no other, and holds no connection to the database while it does.
 *
 * ```
 *  look ─▶ for each sink that is due, not busy and not failing: send until nothing is due ─▶ …
 *                                   none succeeds: the sink rests (backoff with jitter)
 * ```
 */
export class SinkRelay {
  readonly #options: SinkRelayOptions;
  readonly #stop = new AbortController();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #failing = new Map<string, Failing>();
  #looking: Promise<void> | undefined;

  constructor(options: SinkRelayOptions) {
    this.#options = options;
  }

  start(): void {
    this.#looking ??= this.#look();
  }

  /**
   * Ends after the sends in progress, unless they take long: one that hangs does not keep a process
   * from its end. Waiting messages stay in the outbox.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    const late = new AbortController();
    await Promise.race([this.ended(), pause(this.#options.graceMs ?? GRACE_MS, late.signal)]);
    late.abort();
  }

  /** Resolves once nothing is being sent; after stop(), and after the sinks are closed. */
  async ended(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  /**
   * Sends until no message waits; for the end of a finite source, after stop().
   * @throws the error of a sink that keeps failing, after everything else has left.
   */
  async drain(): Promise<void> {
    this.#failing.clear();
    for (;;) {
      const waiting = await this.#options.waiting();
      const hopeful = waiting.filter(({ sink }) => (this.#failing.get(sink)?.failures ?? 0) < DRAIN_FAILURES);
      if (hopeful.length === 0) break;
      await Promise.all(
        hopeful.filter(({ sink, isDue }) => isDue && this.#isRested(sink)).map(({ sink }) => this.#sendAll(sink)),
      );
      await sleep(this.#options.idleMs ?? IDLE_MS);
    }
    for (const { error } of this.#failing.values()) throw error;
  }

  async #look(): Promise<void> {
    const { waiting, resend, logger, idleMs = IDLE_MS } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for (const { sink, isDue } of await waiting()) if (isDue && this.#isRested(sink)) this.#begin(sink);
        resend();
      } catch (err) {
        logger.warn({ err }, 'messages to sinks wait: the outbox cannot be read');
      }
      await pause(idleMs, signal);
    }
  }

  #begin(sink: string): void {
    if (this.#busy.has(sink)) return;
    const sending = this.#sendAll(sink, this.#stop.signal).finally(() => this.#busy.delete(sink));
    this.#busy.set(sink, sending);
  }

  /** Sends a sink all that is due, unless it fails. Never rejects. */
  async #sendAll(sink: string, signal?: AbortSignal): Promise<void> {
    const { send, noteWaiting, onSent, onSetAside, logger } = this.#options;
    try {
      for (let more = true; more && signal?.aborted !== true;) {
        const { claimed, sent, setAside, failure } = await send(sink);
        if (sent > 0) onSent?.(sink, sent);
        if (setAside > 0) {
          onSetAside?.(sink, setAside);
          logger.warn({ sink, messages: setAside }, 'messages were set aside (flowline alerts dead ls)');
        }
        more = claimed > 0;
        if (sent > 0) this.#failing.delete(sink);
        if (failure === null) continue;
        logger.warn({ sink, err: failure.error }, 'messages wait: the sink did not take them');
        if (sent > 0) continue;
        this.#rest(sink, failure.error);
        return;
      }
    } catch (error) {
      const isNews = messageOf(this.#failing.get(sink)?.error) !== messageOf(error);
      this.#rest(sink, error);
      if (isNews) logger.warn({ sink, err: error }, 'messages wait: nothing can be sent to the sink');
      await noteWaiting(sink, messageOf(error)).catch(() => undefined);
    }
  }

  #isRested(sink: string): boolean {
    return (this.#failing.get(sink)?.dueMs ?? -Infinity) <= performance.now();
  }

  #rest(sink: string, error: unknown): void {
    const failures = (this.#failing.get(sink)?.failures ?? 0) + 1;
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20)) * (0.5 + Math.random());
    this.#failing.set(sink, { failures, dueMs: performance.now() + delayMs, error });
  }
}
