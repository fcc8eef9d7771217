/** Aborted transaction, as a fetch response lists it. */
export interface AbortedTransaction {
  readonly producerId: bigint;
  /** Offset of its first record. */
  readonly firstOffset: number;
}

/** Transactional properties of a record batch. */
export interface TransactionalBatch {
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  /** True if the batch is the marker that ends an aborted transaction of its producer. */
  readonly isAbortMarker: boolean;
}

/**
 * Identifies the batches of one partition's fetch response that belong to aborted transactions,
 * batch by batch in log order: the batches of a producer between the first record of an aborted
 * transaction and its marker. (The rule of the Java consumer's `CompletedFetch`.)
 */
export class AbortedTransactions {
  /** Transactions by first offset; the broker lists them in the order of their ends. */
  readonly #waiting: readonly AbortedTransaction[];
  #next = 0;
  readonly #open = new Set<bigint>();

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = [...transactions].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** True if the next batch of the log is part of an aborted transaction. */
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
