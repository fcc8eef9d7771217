import { useRef } from 'preact/hooks';

import type { Reply } from '../client/call.ts';

type Pipeline = Reply<'GET /v1/detectors/{detector}/pipeline'>;

/** Records per second of partitions, by topic and partition: their growth between two looks. */
export type Rates = ReadonlyMap<string, number>;

/** Name of a partition among {@link Rates}. */
export const partitionKey = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic} ${partition}`;

/** Measures the rates of partitions between the looks of a page. */
export function useRates(): (pipeline: Pipeline) => Rates {
  const before = useRef(new Map<string, { readonly offset: number; readonly atMs: number }>());
  return ({ partitions }) => {
    const atMs = performance.now();
    const found = new Map<string, number>();
    for (const each of partitions) {
      const key = partitionKey(each);
      const last = before.current.get(key);
      const offset = each.nextOffset ?? 0;
      if (last !== undefined && atMs - last.atMs > 500)
        found.set(key, Math.max(0, ((offset - last.offset) * 1_000) / (atMs - last.atMs)));
      before.current.set(key, { offset, atMs });
    }
    return found;
  };
}
