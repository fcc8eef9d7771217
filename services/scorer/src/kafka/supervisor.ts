import type { Logger } from '@flowline/telemetry';

/** A detector that should be scored now. */
export interface WantedRun {
  readonly name: string;
  /** Version of the definition. Another version is another run. */
  readonly version: number;
  /**
   * Runs it until the signal. Resolves once the batches in flight are stored; rejects with an error
   * that will not pass by itself.
   */
  readonly start: (signal: AbortSignal) => Promise<unknown>;
}

export interface SupervisorOptions {
  /** Lists the runs that there should be now. */
  readonly list: () => Promise<readonly WantedRun[]>;
  readonly logger: Logger;
  /** If aborted, every run is asked to end. */
  readonly signal: AbortSignal;
  /**
   * True if `run` rejects once nothing runs and something has failed (default false: it keeps
   * looking).
   */
  readonly endsWhenAllFail?: boolean;
  readonly pollMs?: number;
  /** Delay before a failed run is retried. */
  readonly retryMs?: number;
}

interface Run {
  readonly version: number;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

interface Failure {
  readonly version: number;
  readonly error: unknown;
  readonly untilMs: number;
}

const POLL_MS = 3_000;
const RETRY_MS = 30_000;

/**
 * Keeps one run per wanted detector. Looks every few seconds, and as soon as a run ends.
 *
 * ```
 *            wanted                      no longer wanted, or another version
 *  (no run) ───────▶ running ──────────────────────────────────────────────────▶ stopping ── its batch is stored ──▶ (no run)
 *                       └── fails ──▶ failed ── another version, or after retryMs ──▶ running
 * ```
 *
 * The failure of one detector leaves the others and the process alone, so that a detector applied
 * later finds a running process.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #runs = new Map<string, Run>();
  readonly #failures = new Map<string, Failure>();
  #wake: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Follows the wanted detectors until the signal. Resolves once every run has ended. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      while (!signal.aborted) {
        await this.#follow();
        const [failure] = this.#options.endsWhenAllFail === true ? this.#failures.values() : [];
        if (this.#runs.size === 0 && failure !== undefined) throw failure.error;
        await this.#untilPollOrWake();
      }
    } finally {
      const runs = [...this.#runs.values()];
      for (const { stop } of runs) stop.abort();
      await Promise.all(runs.map(({ ended }) => ended));
    }
  }

  async #follow(): Promise<void> {
    const { list, logger } = this.#options;
    let wanted: ReadonlyMap<string, WantedRun>;
    try {
      wanted = new Map((await list()).map((run) => [run.name, run]));
    } catch (err) {
      logger.warn({ err }, 'the detectors cannot be looked up; running ones continue');
      return;
    }
    for (const [name, { version, stop }] of this.#runs) {
      if (stop.signal.aborted || wanted.get(name)?.version === version) continue;
      logger.info({ detector: name, version }, wanted.has(name) ? 'another version is in force' : 'no longer wanted');
      stop.abort();
    }
    for (const name of this.#failures.keys()) if (!wanted.has(name)) this.#failures.delete(name);
    for (const run of wanted.values()) if (this.#isDue(run)) this.#start(run);
  }

  #isDue({ name, version }: WantedRun): boolean {
    if (this.#runs.has(name) || this.#options.signal.aborted) return false;
    const failure = this.#failures.get(name);
    return failure?.version !== version || Date.now() >= failure.untilMs;
  }

  #start({ name, version, start }: WantedRun): void {
    const { retryMs = RETRY_MS } = this.#options;
    const stop = new AbortController();
    this.#failures.delete(name);
    const ended = start(stop.signal)
      .catch((error: unknown) => {
        // Errors of a run that is being stopped are ignored.
        if (!stop.signal.aborted) this.#failures.set(name, { version, error, untilMs: Date.now() + retryMs });
      })
      .then(() => {
        this.#runs.delete(name);
        this.#wake();
      });
    this.#runs.set(name, { version, stop, ended });
  }

  #untilPollOrWake(): Promise<void> {
    const { signal, pollMs = POLL_MS } = this.#options;
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, pollMs);
      signal.addEventListener('abort', wake);
      this.#wake = wake;
      if (signal.aborted) wake();
    });
  }
}
