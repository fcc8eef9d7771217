import type { Logger } from './logger.ts';

/** Gives something back; it may take time. */
export type Release = () => Promise<void> | void;

export interface ShutdownOptions {
  readonly logger: Logger;
  /** How long all releases together may take. */
  readonly deadlineMs?: number;
  /** Ends the process; replaced in tests. */
  readonly exit?: (code: number) => void;
  /** Milliseconds on a clock that never goes back; replaced in tests. */
  readonly nowMs?: () => number;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/**
 * Signals this close to the first one are the same wish: a terminal, systemd and timeout(1) signal
 * the whole process group, and a parent such as npm passes on what it got.
 */
const SAME_WISH_MS = 1_000;
/** After a signal and every release the process ends by itself; so long it may take. */
const LINGER_MS = 3_000;
type Signal = keyof typeof SIGNALS;

/**
 * A stack of release functions, unwound once, last in first out.
 *
 * ```
 *  running ── unwind() or a first signal ──▶ stopping ── every release has ended ──▶ stopped
 *     │                                         ├── the deadline passes ──▶ stopped (what was left is logged; after a signal, exit 1)
 *     └── defer() adds to the stack             └── a second signal, later than a second ──▶ the process exits at once
 * ```
 *
 * A release that fails is logged and does not keep the others from running. `signal` is aborted on leaving `running`.
 */
export class Shutdown {
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #exit: (code: number) => void;
  readonly #nowMs: () => number;
  readonly #stack: { readonly name: string; readonly release: Release }[] = [];
  readonly #abort = new AbortController();
  #unwinding: Promise<boolean> | undefined;
  #received: { readonly signal: Signal; readonly atMs: number } | undefined;

  constructor(options: ShutdownOptions) {
    const { logger, deadlineMs = 20_000 } = options;
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
    this.#exit = options.exit ?? ((code) => process.exit(code));
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Aborted as soon as the shutdown begins. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The signal that ended the process, and the exit code it stands for; undefined where none came. */
  get received(): { readonly signal: Signal; readonly exitCode: number } | undefined {
    if (this.#received === undefined) return undefined;
    const { signal } = this.#received;
    return { signal, exitCode: SIGNALS[signal] };
  }

  /** Adds a release; it runs before those added earlier. */
  defer(name: string, release: Release): void {
    this.#stack.push({ name, release });
  }

  /** Begins on SIGTERM, SIGINT and SIGHUP. Returns a function that stops listening. */
  listen(): () => void {
    const handlers = (Object.keys(SIGNALS) as Signal[]).map((signal) => {
      const handler = (): void => this.#onSignal(signal);
      process.on(signal, handler);
      return { signal, handler };
    });
    return () => handlers.forEach(({ signal, handler }) => process.off(signal, handler));
  }

  /** Unwinds the stack; a second call gives the same promise. Resolves to false where the deadline cut it short. */
  unwind(): Promise<boolean> {
    this.#unwinding ??= this.#unwind();
    return this.#unwinding;
  }

  #onSignal(signal: Signal): void {
    const atMs = this.#nowMs();
    if (this.#received !== undefined) {
      if (atMs - this.#received.atMs < SAME_WISH_MS) return;
      this.#logger.warn({ signal }, 'second signal: exiting at once');
      this.#exit(SIGNALS[signal]);
      return;
    }
    this.#received = { signal, atMs };
    this.#logger.info({ signal, deadlineMs: this.#deadlineMs }, 'stopping');
    void this.unwind().then((inTime) => {
      // Whoever runs the process may wait for the very thing that was left.
      if (!inTime) this.#exit(1);
      else this.#leaveSoon();
    });
  }

  /** Everything is released: what a library has left open (a connection that it made while a broker died) must not hold the process. */
  #leaveSoon(): void {
    setTimeout(() => {
      this.#logger.warn({}, 'something was left open: leaving all the same');
      this.#exit(Number(process.exitCode ?? 0));
    }, LINGER_MS).unref();
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
      // Popped only now: what hangs is named when the deadline passes.
      this.#stack.splice(this.#stack.indexOf(top), 1);
    }
    return true;
  }
}
