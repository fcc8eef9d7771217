/** A transaction that was aborted, as the answer to a fetch names it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  /** The offset of its first record. */
  readonly firstOffset: number;
}

/** What a batch says about transactions. */
export interface TransactionalBatch {
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  /** The batch is the marker that ends an aborted transaction of its producer. */
  readonly isAbortMarker: boolean;
}

/**
 * Tells which batches of one partition's answer belong to aborted transactions, batch by batch in the order of the log: those of a producer
 * between the first record of an aborted transaction and its marker. (The rule of the Java consumer's `CompletedFetch`.)
 */
export class AbortedTransactions {
  /** By first offset; the broker gives them in the order of their ends. */
  readonly #waiting: readonly AbortedTransaction[];
  #next = 0;
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether the next batch of the log is part of an aborted transaction. */
  covers({ lastOffset, producerId, isTransactional, isAbortMarker }: TransactionalBatch): boolean {
    if (this.#waiting.length === 0) return false;
    for (
      let next = this.#waiting[this.#next];
      next !== undefined && next.firstOffset <= lastOffset;
      next = this.#waiting[++this.#next]
    ) {
      this.#open.add(next.producerId);
    }
    if (isAbortMarker) this.#open.delete(producerId);
    return isTransactional && this.#open.has(producerId);
  }
}
