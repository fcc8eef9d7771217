import type { EventSource, SourceRecord } from './event-source.ts';
import { sourceFromBatches } from './source-from-batches.ts';

export interface MemorySourceOptions {
  readonly topic: string;
  /** Records per partition, in offset order. */
  readonly partitions: readonly (readonly SourceRecord[])[];
  readonly maxRows?: number;
}

/**
 * Creates a finite source over records in memory, which takes batches from the partitions in turn.
 */
export function createMemorySource({ topic, partitions, maxRows = 1000 }: MemorySourceOptions): EventSource {
  return sourceFromBatches(function* () {
    const longest = Math.max(0, ...partitions.map((records) => records.length));
    for (let start = 0; start < longest; start += maxRows) {
      for (const [partition, records] of partitions.entries()) {
        const own = records.slice(start, start + maxRows);
        const last = own.at(-1);
        if (last === undefined) continue;
        const before = start === 0 ? undefined : records[start - 1];
        const fromOffset = before === undefined ? 0 : before.offset + 1;
        yield { topic, topicId: null, partition, fromOffset, records: own, nextOffset: last.offset + 1 };
      }
    }
  });
}

/** Creates a record from a JSON value, for tests and examples. */
export function jsonRecord(offset: number, value: unknown, timestampMs = 0): SourceRecord {
  return { offset, key: null, value: new TextEncoder().encode(JSON.stringify(value)), headers: {}, timestampMs };
}
