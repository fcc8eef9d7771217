type Champions = ReadonlyMap<string, number>;

/**
 * Lifetime of a reading: lookups within it share one query, however many detectors the process has.
 */
const FRESH_MS = 100;

/**
 * Champion lookups of a process. Lookups of several detectors often share one query to the
 * database.
 */
export class ChampionLookup {
  readonly #read: () => Promise<Champions>;
  readonly #now: () => number;
  #reading: Promise<Champions> | undefined;
  #readMs = -Infinity;

  constructor(read: () => Promise<Champions>, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  /** Version of a detector's champion; null if there is none. Rejects if the query fails. */
  async version(detector: string): Promise<number | null> {
    return (await this.#champions()).get(detector) ?? null;
  }

  #champions(): Promise<Champions> {
    const nowMs = this.#now();
    if (this.#reading !== undefined && nowMs - this.#readMs < FRESH_MS) return this.#reading;
    const reading = this.#read();
    this.#reading = reading;
    this.#readMs = nowMs;
    // A failed reading is not shared: the next lookup queries again.
    reading.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading;
  }
}
