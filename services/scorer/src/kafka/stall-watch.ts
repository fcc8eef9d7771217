/** State of a consumer at one check. */
export interface ConsumerState {
  /** Batches handed out but not stored yet. */
  readonly inFlight: number;
  /**
   * Partitions read here. `position`: the offset up to which each is read; `end`: the offset of the
   * next record written.
   */
  readonly partitions: readonly { readonly partition: number; readonly position: number; readonly end: number }[];
}

/** Verdict of a check. */
export type StallVerdict =
  | { readonly kind: 'moving' }
  /** `suspect`: report it; `stalled`: reopen the consumer. */
  | { readonly kind: 'suspect' | 'stalled'; readonly partitions: readonly number[]; readonly forMs: number };

interface Standing {
  readonly position: number;
  readonly sinceMs: number;
}

/**
 * Detects consumers that have stopped silently: a partition is behind its end, makes no progress,
 * and no batch in flight explains it.
 *
 * ```
 *  moving ── a partition behind its end has stood for stallMs/2 ──▶ suspect ── for stallMs ──▶ stalled: opened again, all counts from 0
 *     ▲                                                                │
 *     └── it moves, or a batch is in flight, or a check failed ◀────────┘
 * ```
 *
 * A log may end in offsets that hold no record (compaction). Its consumer is fine although it never
 * reaches the end. A partition that stands again after a reopening did not help is therefore left
 * alone until its end moves.
 */
export class StallWatch {
  readonly #stallMs: number;
  readonly #standing = new Map<number, Standing>();
  /** Position and log end of each partition that stood when the consumer was reopened. */
  readonly #tried = new Map<number, { readonly position: number; readonly end: number }>();

  /** @param stallMs maximum time that a partition may stand still. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** @param nowMs on a monotonic clock. */
  check({ inFlight, partitions }: ConsumerState, nowMs: number): StallVerdict {
    const behind = new Map(
      partitions.filter((p) => p.position < p.end && !this.#isTried(p)).map((p) => [p.partition, p]),
    );
    for (const partition of this.#standing.keys()) if (!behind.has(partition)) this.#standing.delete(partition);
    for (const { partition, position } of behind.values()) {
      // Batches of one partition hold back the fetches of the others.
      if (inFlight > 0 || this.#standing.get(partition)?.position !== position)
        this.#standing.set(partition, { position, sinceMs: nowMs });
    }
    const forMs = Math.max(0, ...[...this.#standing.values()].map(({ sinceMs }) => nowMs - sinceMs));
    if (forMs < this.#stallMs / 2) return { kind: 'moving' };
    const standing = [...this.#standing].filter(([, { sinceMs }]) => nowMs - sinceMs >= this.#stallMs / 2);
    const verdict = { partitions: standing.map(([partition]) => partition).sort((a, b) => a - b), forMs };
    if (forMs < this.#stallMs) return { kind: 'suspect', ...verdict };
    for (const { partition, position, end } of behind.values()) this.#tried.set(partition, { position, end });
    this.#standing.clear();
    return { kind: 'stalled', ...verdict };
  }

  /** Discards the counts after a failed check: a partition that stood may have moved since. */
  forget(): void {
    this.#standing.clear();
  }

  #isTried({ partition, position, end }: ConsumerState['partitions'][number]): boolean {
    const tried = this.#tried.get(partition);
    return tried?.position === position && tried.end === end;
  }
}
