import type { EventSource, SourceBatch, SourceRecord } from './event-source.ts';
import { sourceFromBatches } from './source-from-batches.ts';

export interface MemorySourceOptions {
  readonly topic: string;
  /** Records of each partition, in offset order. */
  readonly partitions: readonly (readonly SourceRecord[])[];
  readonly maxRows?: number;
}

/** A finite source over records in memory: batches of one partition after the other, in turns. */
export function createMemorySource({ topic, partitions, maxRows = 1000 }: MemorySourceOptions): EventSource {
  return sourceFromBatches(function* () {
    const longest = Math.max(0, ...partitions.map((records) => records.length));
    for (let start = 0; start < longest; start += maxRows) {
      for (const [partition, records] of partitions.entries()) {
        const batch = slice(records.slice(start, start + maxRows), topic, partition);
        if (batch !== undefined) yield batch;
      }
    }
  });
}

function slice(
  records: readonly SourceRecord[],
  topic: string,
  partition: number,
): Omit<SourceBatch, 'done'> | undefined {
  const last = records.at(-1);
  return last === undefined ? undefined : { topic, partition, records, nextOffset: last.offset + 1 };
}

/** A record from a JSON value, for tests and examples. */
export function jsonRecord(offset: number, value: unknown, timestampMs = 0): SourceRecord {
  return { offset, key: null, value: new TextEncoder().encode(JSON.stringify(value)), headers: {}, timestampMs };
}
