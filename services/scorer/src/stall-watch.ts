/** What one look at a consumer found. */
export interface ConsumerLook {
  /** Batches handed out that are not stored yet. */
  readonly inFlight: number;
  /** The partitions that are read here: up to which offset, and the offset that the next record will get. */
  readonly partitions: readonly { readonly partition: number; readonly position: number; readonly end: number }[];
}

/** What to do about it. */
export type StallVerdict =
  | { readonly kind: 'moving' }
  /** `suspect`: say so; `stalled`: open the consumer again. */
  | { readonly kind: 'suspect' | 'stalled'; readonly partitions: readonly number[]; readonly forMs: number };

interface Standing {
  readonly position: number;
  readonly sinceMs: number;
}

/**
 * Judges, look by look, whether a consumer has stopped silently: a partition is behind its end, nothing of it moves, and no batch is in
 * flight that would explain it.
 *
 * ```
 *  moving ── a partition behind its end has stood for stallMs/2 ──▶ suspect ── for stallMs ──▶ stalled: opened again, all counts from 0
 *     ▲                                                                │
 *     └── it moves, or a batch is in flight, or a look failed ◀────────┘
 * ```
 *
 * A log may end in offsets that hold no record (compaction): there the consumer is fine though it never reaches the end. So a partition
 * that stands again where opening anew did not help is left alone until its end moves.
 */
export class StallWatch {
  readonly #stallMs: number;
  readonly #standing = new Map<number, Standing>();
  /** Where, and behind which end, a partition stood when the consumer was opened again. */
  readonly #tried = new Map<number, { readonly position: number; readonly end: number }>();

  /** @param stallMs how long a partition may stand still. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** @param nowMs of a clock that does not jump. */
  look({ inFlight, partitions }: ConsumerLook, nowMs: number): StallVerdict {
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

  /** Nothing is known of the time since the last look: what stood then may have moved. */
  forget(): void {
    this.#standing.clear();
  }

  #isTried({ partition, position, end }: ConsumerLook['partitions'][number]): boolean {
    const tried = this.#tried.get(partition);
    return tried?.position === position && tried.end === end;
  }
}
