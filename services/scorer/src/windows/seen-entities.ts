const DAY_MS = 86_400_000;
/** Maximum number of names that are kept to leave them out. */
const MAX_NAMES = 200_000;
/** Maximum total length of these names, in characters. */
const MAX_LENGTH = 8_000_000;

/** Entities of a partition's events that have not been named yet on this UTC day. */
export class SeenEntities {
  /** Names taken on this day. Left out, since their day is stored. */
  readonly #taken = new Set<string>();
  readonly #waiting = new Set<string>();
  #day = NaN;
  #takenLength = 0;
  #length = 0;

  /** Total length of the names that wait, in characters. */
  get length(): number {
    return this.#length;
  }

  /** Adds the names of events at a time. */
  add(names: readonly string[], nowMs: number): void {
    this.#begin(nowMs);
    for (const name of names) {
      if (this.#taken.has(name) || this.#waiting.has(name)) continue;
      this.#waiting.add(name);
      this.#length += name.length;
    }
  }

  /** Adds names whose day is stored by now. */
  addStored(names: readonly string[], nowMs: number): void {
    this.#begin(nowMs);
    for (const name of names) {
      this.#taken.add(name);
      this.#takenLength += name.length;
    }
  }

  #begin(nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#day || this.#taken.size > MAX_NAMES || this.#takenLength > MAX_LENGTH) this.forget();
    this.#day = day;
  }

  /** Takes the names that wait. */
  take(): readonly string[] {
    const names = [...this.#waiting];
    for (const name of names) this.#taken.add(name);
    this.#takenLength += this.#length;
    this.#waiting.clear();
    this.#length = 0;
    return names;
  }

  /** Forgets which names were taken: they are named again. */
  forget(): void {
    this.#taken.clear();
    this.#takenLength = 0;
  }
}
