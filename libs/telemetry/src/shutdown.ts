import type { Logger } from './logger.ts';

/** Releases a resource; it may take time. */
export type Release = () => Promise<void> | void;

export interface ShutdownOptions {
  readonly logger: Logger;
  /** Maximum time for all releases together. */
  readonly deadlineMs?: number;
  /** Maximum time for the process to end by itself after a signal and every release. */
  readonly lingerMs?: number;
  /** Ends the process; replaced in tests. */
  readonly exit?: (code: number) => void;
  /** Monotonic clock in milliseconds; replaced in tests. */
  readonly nowMs?: () => number;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/**
 * Window after the first signal in which further signals are ignored as duplicates: a terminal,
 * systemd and timeout(1) signal the whole process group, and a parent such as npm forwards the
 * signal.
 */
const DUPLICATE_SIGNAL_MS = 1_000;
type Signal = keyof typeof SIGNALS;

/**
 * Stack of release functions, unwound once, last in first out.
 *
 * ```
 *  running ── unwind() or a first signal ──▶ stopping ── every release has ended ──▶ stopped
 *     │                                         ├── the deadline passes ──▶ stopped (what was left is logged; after a signal, exit 1)
 *     └── defer() adds to the stack             └── a second signal, later than a second ──▶ the process exits at once
 * ```
 *
 * A failed release is logged and does not keep the others from running. `signal` is aborted on
 * leaving `running`.
 */
export class Shutdown {
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #lingerMs: number;
  readonly #exit: (code: number) => void;
  readonly #nowMs: () => number;
  readonly #stack: { readonly name: string; readonly release: Release }[] = [];
  readonly #abort = new AbortController();
  #unwinding: Promise<boolean> | undefined;
  #received: { readonly signal: Signal; readonly atMs: number } | undefined;

  constructor(options: ShutdownOptions) {
    const { logger, deadlineMs = 20_000, lingerMs = 3_000 } = options;
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
    this.#lingerMs = lingerMs;
    this.#exit = options.exit ?? ((code) => process.exit(code));
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Signal that is aborted as soon as the shutdown begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Signal that ended the process, and its exit code; undefined if none was received. */
  get received(): { readonly signal: Signal; readonly exitCode: number } | undefined {
    if (this.#received === undefined) return undefined;
    const { signal } = this.#received;
    return { signal, exitCode: SIGNALS[signal] };
  }

  /** Adds a release, which runs before those added earlier. */
  defer(name: string, release: Release): void {
    this.#stack.push({ name, release });
  }

  /** Starts listening for SIGTERM, SIGINT and SIGHUP. Returns a function that stops listening. */
  listen(): () => void {
    const handlers = (Object.keys(SIGNALS) as Signal[]).map((signal) => {
      const handler = (): void => this.#onSignal(signal);
      process.on(signal, handler);
      return { signal, handler };
    });
    return () => handlers.forEach(({ signal, handler }) => process.off(signal, handler));
  }

  /**
   * Unwinds the stack; a second call returns the same promise. Resolves to false if the deadline
   * passed first.
   */
  unwind(): Promise<boolean> {
    this.#unwinding ??= this.#unwind();
    return this.#unwinding;
  }

  #onSignal(signal: Signal): void {
    const atMs = this.#nowMs();
    if (this.#received !== undefined) {
      if (atMs - this.#received.atMs < DUPLICATE_SIGNAL_MS) return;
      this.#logger.warn({ signal }, 'second signal: exiting at once');
      this.#exit(SIGNALS[signal]);
      return;
    }
    this.#received = { signal, atMs };
    this.#logger.info({ signal, deadlineMs: this.#deadlineMs }, 'stopping');
    void this.unwind().then((inTime) => {
      // The supervisor of the process may be waiting for the very resource that was not released.
      if (!inTime) this.#exit(1);
      else this.#leaveSoon();
    });
  }

  /**
   * Exits after `lingerMs`. Everything is released, and a handle that a library has leaked
   * (such as a connection opened while a broker died) must not keep the process alive.
   */
  #leaveSoon(): void {
    setTimeout(() => {
      this.#logger.warn({}, 'something was left open: exiting anyway');
      this.#exit(Number(process.exitCode ?? 0));
    }, this.#lingerMs).unref();
  }

  async #unwind(): Promise<boolean> {
    this.#abort.abort();
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#deadlineMs);
    });
    const intime = await Promise.race([this.#releaseAll(), deadline]);
    clearTimeout(timer);
    if (!intime) {
      this.#logger.error(
        { left: this.#stack.map(({ name }) => name).reverse(), deadlineMs: this.#deadlineMs },
        'the deadline passed before everything was released',
      );
    }
    return intime;
  }

  async #releaseAll(): Promise<true> {
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      try {
        await top.release();
      } catch (err) {
        this.#logger.error({ err, release: top.name }, 'a release failed');
      }
      // Popped only now, so that a release that hangs is named when the deadline passes.
      this.#stack.splice(this.#stack.indexOf(top), 1);
    }
    return true;
  }
}
