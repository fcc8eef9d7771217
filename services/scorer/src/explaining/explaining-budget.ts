/** Time that may be spent at once after a quiet stretch. */
const BURST_MS = 250;
/** Maximum number of anomalies explained in one go. */
const MOST_ROWS = 16;
/** Time after a refusal during which the stream counts as busy. */
const BUSY_MS = 2_500;

/**
 * Bound on the time for explanations before their anomalies are stored: a token bucket of
 * milliseconds that fills with a share of the time. An incident does not slow the stream, since
 * further anomalies are stored at once and explained later.
 */
export class ExplainingBudget {
  readonly #share: number;
  readonly #nowMs: () => number;
  #atMs: number;
  #leftMs = BURST_MS;
  #msPerRow = 0;
  /** Time at which there was last an anomaly and no time for it. */
  #refusedMs = -Infinity;

  /** @param share of the time, in [0, 1]; with 1 there is no bound. */
  constructor(share: number, nowMs: () => number = () => performance.now()) {
    this.#share = share;
    this.#nowMs = nowMs;
    this.#atMs = nowMs();
  }

  /** Number of anomalies to explain now, at least 1 while there is time; 0 when there is none. */
  get rows(): number {
    if (this.#share >= 1) return MOST_ROWS;
    const leftMs = this.#refilled();
    if (leftMs <= 0 || this.#share === 0) {
      this.#refusedMs = this.#atMs;
      return 0;
    }
    return Math.max(1, Math.min(MOST_ROWS, this.#msPerRow === 0 ? 1 : Math.floor(leftMs / this.#msPerRow)));
  }

  /**
   * True if hardly anything was explained or deferred lately: there is time for explanations that
   * follow.
   */
  get isFull(): boolean {
    return this.#refilled() >= BURST_MS && this.#atMs - this.#refusedMs >= BUSY_MS;
  }

  /** Runs an explanation of `rows` anomalies and takes its time from what is left. */
  async spend<T>(rows: number, explain: () => Promise<T>): Promise<T> {
    this.#refilled();
    const startMs = this.#nowMs();
    const result = await explain();
    const tookMs = this.#nowMs() - startMs;
    this.#leftMs -= tookMs;
    this.#msPerRow = tookMs / rows;
    return result;
  }

  #refilled(): number {
    const nowMs = this.#nowMs();
    this.#leftMs = Math.min(BURST_MS, this.#leftMs + this.#share * (nowMs - this.#atMs));
    this.#atMs = nowMs;
    return this.#leftMs;
  }
}
