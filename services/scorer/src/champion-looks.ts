type Champions = ReadonlyMap<string, number>;

/** A reading serves those who look within this time, so that a process asks few times however many detectors it has. */
const FRESH_MS = 100;

/** Looks of a process at its detectors' champions, which often serve several detectors by one reading of the database. */
export class ChampionLooks {
  readonly #read: () => Promise<Champions>;
  readonly #now: () => number;
  #reading: Promise<Champions> | undefined;
  #readMs = -Infinity;

  constructor(read: () => Promise<Champions>, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#now = now;
  }

  /** Version of a detector's champion, null while there is none. Rejects as the reading does. */
  async version(detector: string): Promise<number | null> {
    return (await this.#champions()).get(detector) ?? null;
  }

  #champions(): Promise<Champions> {
    const nowMs = this.#now();
    if (this.#reading !== undefined && nowMs - this.#readMs < FRESH_MS) return this.#reading;
    const reading = this.#read();
    this.#reading = reading;
    this.#readMs = nowMs;
    // Whoever looks after a failure asks again.
    reading.catch(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    return reading;
  }
}
