import type { ReadPartition } from '@flowline/db';
import type { PartitionLag } from '@flowline/kafka';

/** End that a partition's log had at a time. */
interface Asked {
  readonly end: number;
  readonly atMs: number;
}

/**
 * Times up to which partitions are known to be stored. A busy partition is hardly ever stored to
 * the end that its log has at the moment: once it is stored to an end that was asked for earlier,
 * everything that had come until then is.
 */
export class ReadingEnds {
  readonly #asked = new Map<number, Asked>();

  /**
   * Notes the ends of the logs, and how far they are stored.
   * @param inFlight batches that are read and not stored yet.
   * @param atMs time before the ends were asked for.
   * @returns the partitions of which more is known than before, with the time.
   */
  look(lags: readonly PartitionLag[], inFlight: number, atMs: number): readonly ReadPartition[] {
    const isRead = new Set(lags.map(({ partition }) => partition));
    for (const partition of this.#asked.keys()) if (!isRead.has(partition)) this.#asked.delete(partition);
    return lags.flatMap((lag): ReadPartition[] => {
      const { partition, end } = lag;
      if (isStoredTo(lag, end, inFlight)) {
        this.#asked.delete(partition);
        return [{ partition, untilMs: atMs }];
      }
      const asked = this.#asked.get(partition);
      if (asked !== undefined && !isStoredTo(lag, asked.end, inFlight)) return [];
      this.#asked.set(partition, { end, atMs });
      return asked === undefined ? [] : [{ partition, untilMs: asked.atMs }];
    });
  }
}

/** Records may be read and not stored yet, which the position after hidden records does not say. */
const isStoredTo = ({ stored, position }: PartitionLag, end: number, inFlight: number): boolean =>
  stored >= end || (inFlight === 0 && position >= end);
