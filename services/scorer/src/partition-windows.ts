import type { StoredWindows } from '@flowline/events';
import type { EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import type { Logger } from '@flowline/telemetry';

/** The windows of a model: their id, and how they begin. */
export interface WindowsMaker {
  readonly id: string;
  open(): EntityWindows;
}

/** Where the windows of a partition are kept between two runs: Postgres. */
export interface WindowStore {
  /** The windows that were stored last with a batch of this partition; null where there are none. */
  read(topic: string, partition: number): Promise<StoredWindows | null>;
}

/** So many records are read again at most after a restart, ... */
const SNAPSHOT_RECORDS = 20_000;
/** ... and those of so long, where there are few. */
const SNAPSHOT_MS = 30_000;

/** The first batch takes a snapshot along: a restart before the second one then begins with the same past. */
const NEVER = { snapshotMs: -Infinity, snapshotOffset: -Infinity };

interface Partition {
  /** What Postgres knew when the partition was assigned. */
  readonly stored: StoredWindows | null;
  windows: EntityWindows | null;
  /** When the last snapshot was taken, and before which offset. */
  snapshotMs: number;
  snapshotOffset: number;
}

/**
 * The windows of the partitions that one run of a detector reads.
 *
 * ```
 *  assigned ─▶ restored from the last snapshot ─▶ records since then are read again (the fence stores none of them)
 *     ▲                                              │
 *     │ a rebalance, or a batch that was not stored:  ▼
 *     └────────── the state is dropped ◀───── a batch at a time; every so often its transaction takes a snapshot along
 * ```
 */
export class PartitionWindows {
  readonly #store: WindowStore;
  readonly #logger: Logger;
  readonly #partitions = new Map<string, Partition>();

  constructor(store: WindowStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** A partition is assigned: from which offset its records must be read again; null where nothing is stored of its windows. */
  async assign(topic: string, partition: number): Promise<number | null> {
    const stored = await this.#store.read(topic, partition);
    this.#partitions.set(key(topic, partition), this.#unopened(stored));
    return stored?.nextOffset ?? null;
  }

  /**
   * The windows for a batch, made where the partition has none of their kind yet.
   * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED.
   */
  of({ topic, partition }: SourceBatch, maker: WindowsMaker): EntityWindows {
    const known = this.#partitions.get(key(topic, partition)) ?? this.#unopened(null);
    this.#partitions.set(key(topic, partition), known);
    if (known.windows?.id === maker.id) return known.windows;
    const windows = maker.open();
    known.windows = windows;
    if (known.stored !== null && !windows.restore(known.stored)) {
      this.#logger.warn({ topic, partition }, 'the windows have changed: they fill anew from here on');
      Object.assign(known, NEVER);
    }
    return windows;
  }

  /** What of the windows is to be stored with a batch that they have seen. */
  toStore(
    { topic, partition, nextOffset }: SourceBatch,
    windows: EntityWindows,
    nowMs = Date.now(),
  ): StoredWindows | null {
    windows.advance(nextOffset);
    const known = this.#partitions.get(key(topic, partition));
    if (known === undefined) return null;
    const isDue = nextOffset - known.snapshotOffset >= SNAPSHOT_RECORDS || nowMs - known.snapshotMs >= SNAPSHOT_MS;
    if (!isDue) return null;
    known.snapshotMs = nowMs;
    known.snapshotOffset = nextOffset;
    return windows.snapshot();
  }

  #unopened(stored: StoredWindows | null): Partition {
    if (stored === null) return { stored, windows: null, ...NEVER };
    return { stored, windows: null, snapshotMs: Date.now(), snapshotOffset: stored.nextOffset };
  }
}

const key = (topic: string, partition: number): string => `${topic}/${partition}`;
