/** Windows of one partition, as the memory that they share sees them. */
export interface SharesMemory {
  /** When the entity that has been silent longest was last seen; null where none is remembered. */
  readonly silentSince: number | null;
  /** Forgets that entity. */
  forgetSilent(): void;
}

/**
 * One bound for the memory of all windows of a process, names included. Where it is reached, the entity that has been silent longest
 * is forgotten, whoever's it is.
 */
export class WindowMemory {
  /** Bytes that windows may hold together. */
  readonly maxBytes: number;
  readonly #onForgotten: () => void;
  readonly #holders = new Set<SharesMemory>();
  #bytes = 0;
  #events = 0;

  /** @param onForgotten called for each entity that was forgotten for this bound. */
  constructor(maxBytes: number, onForgotten: () => void = () => undefined) {
    this.maxBytes = maxBytes;
    this.#onForgotten = onForgotten;
  }

  /** Bytes that windows hold, as estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Counts an event: when it was, in the order of all partitions. */
  tick(): number {
    return ++this.#events;
  }

  /** Takes part in the bound until {@link leave}. */
  join(holder: SharesMemory): void {
    this.#holders.add(holder);
  }

  /** Gives back what a holder has taken. */
  leave(holder: SharesMemory, bytes: number): void {
    if (this.#holders.delete(holder)) this.#bytes -= bytes;
  }

  /** Notes that holders have taken so many bytes more, or fewer. */
  take(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Forgets entities until the bound holds. */
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
