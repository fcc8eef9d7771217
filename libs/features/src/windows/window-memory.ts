/** Windows of one partition, as seen by the memory they share. */
export interface SharesMemory {
  /**
   * Last time the entity with the longest silence was seen, as a {@link WindowMemory.tick}; null if
   * none is remembered.
   */
  readonly silentSince: number | null;
  /** Forgets that entity. */
  forgetSilent(): void;
}

/**
 * Common memory limit of all windows of a process, names included. When it is exceeded, the entity
 * with the longest silence is forgotten, whichever windows hold it.
 */
export class WindowMemory {
  /** Maximum total bytes of the windows. */
  readonly maxBytes: number;
  readonly #onForgotten: () => void;
  readonly #holders = new Set<SharesMemory>();
  #bytes = 0;
  #events = 0;

  /** @param onForgotten called for each entity that is forgotten because of this limit. */
  constructor(maxBytes: number, onForgotten: () => void = () => undefined) {
    this.maxBytes = maxBytes;
    this.#onForgotten = onForgotten;
  }

  /** Estimated bytes held by the windows. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts an event. Returns its position in the order of all partitions. */
  tick(): number {
    return ++this.#events;
  }

  /** Makes windows subject to the limit until {@link leave}. */
  join(holder: SharesMemory): void {
    this.#holders.add(holder);
  }

  /** Removes windows, and releases their bytes. */
  leave(holder: SharesMemory, bytes: number): void {
    if (this.#holders.delete(holder)) this.#bytes -= bytes;
  }

  /** Adds to the bytes held; negative bytes release. */
  take(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Forgets entities until the limit holds. */
  fit(): void {
    while (this.#bytes > this.maxBytes) {
      const holder = this.#mostSilent();
      if (holder === null) return;
      holder.forgetSilent();
      this.#onForgotten();
    }
  }

  #mostSilent(): SharesMemory | null {
    let found: SharesMemory | null = null;
    let since = Infinity;
    for (const holder of this.#holders) {
      const { silentSince } = holder;
      if (silentSince === null || silentSince >= since) continue;
      since = silentSince;
      found = holder;
    }
    return found;
  }
}
