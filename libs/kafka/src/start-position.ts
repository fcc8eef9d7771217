/** Where a partition stands, in Postgres and in Kafka, when it is assigned. */
export interface PositionFacts {
  /** The next offset stored; null where nothing of the partition has been stored. */
  readonly stored: number | null;
  /** The first offset that the log still holds. */
  readonly low: number;
  /** The offset that the next record will get. */
  readonly high: number;
  /** Where a partition begins of which nothing is stored: an end of the log, or an offset (the first at or after a time). */
  readonly startFrom: 'earliest' | 'latest' | number;
}

/** Where to begin, or why not. */
export type StartPosition =
  /** Read on from here; `store`: tell Postgres before anything is read, as nothing else would remember it. */
  | { readonly kind: 'start'; readonly offset: number; readonly store: boolean }
  /** The log no longer holds [from, to): count them as lost and begin at `to`. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  /** The stored offset lies beyond the end: another topic of the same name. */
  | { readonly kind: 'recreated' };

/** Decides where reading of a partition begins. Postgres is right; Kafka's own committed offset is not asked. */
export function startPosition({ stored, low, high, startFrom }: PositionFacts): StartPosition {
  if (stored === null) {
    // The fence of a stream of which nothing is stored is 0.
    if (startFrom === 'earliest') return { kind: 'start', offset: low, store: low > 0 };
    // Neither `latest` nor a time later than the last record must move when the process is restarted before the first event.
    const offset = startFrom === 'latest' ? high : Math.min(Math.max(startFrom, low), high);
    return { kind: 'start', offset, store: true };
  }
  if (stored > high) return { kind: 'recreated' };
  if (stored < low) return { kind: 'gap', from: stored, to: low };
  return { kind: 'start', offset: stored, store: false };
}
