import { idsBehind } from '@flowline/db';
import {
  at,
  type BatchIds,
  type DuplicateEvent,
  type EventBatch,
  type IdEntries,
  type StoredIds,
} from '@flowline/events';

import type { IdStore } from '../ids/partition-ids.ts';

interface Piece {
  readonly first: number;
  readonly end: number;
  readonly run: number;
  readonly keepFrom: number;
  readonly parts: readonly IdEntries[];
}

/** The part of Postgres that the ids of one partition use, in memory. */
export class FakeIdStore implements IdStore {
  readonly duplicates: DuplicateEvent[] = [];
  fence: number;
  #pieces: readonly Piece[] = [];
  reads = 0;

  constructor(fence = 0) {
    this.fence = fence;
  }

  read({ fromOffset }: { readonly fromOffset: number }): Promise<StoredIds> {
    this.reads++;
    const last = this.#pieces.at(-1);
    const keepFrom = last?.keepFrom ?? 0;
    const offsets = this.duplicates.map(({ offset }) => offset).filter((offset) => offset >= fromOffset);
    return Promise.resolve({
      ...{ nextOffset: this.fence, keepFrom, duplicates: offsets },
      position: { run: last?.run ?? null, end: last?.end ?? 0 },
      pieces: this.#pieces.filter(({ end }) => end > keepFrom).flatMap(({ parts }) => parts),
    });
  }

  get pieces(): number {
    return this.#pieces.length;
  }

  /** Stores the ids of a batch and moves the fence, as one transaction does. */
  commit({ ids, nextOffset }: Pick<EventBatch, 'ids' | 'nextOffset'>): void {
    if (nextOffset <= this.fence) return;
    if (ids !== undefined) this.#store(ids);
    this.fence = nextOffset;
  }

  #store({ added, follows, run, keepFrom, decidedFrom, duplicates, mergeFrom }: BatchIds): void {
    const last = this.#pieces.at(-1);
    const isNext = (last?.run ?? null) === follows.run && (last?.end ?? 0) === follows.end;
    if (!isNext || decidedFrom !== this.fence) throw idsBehind('t', 0);
    this.duplicates.push(...duplicates.filter(({ offset }) => offset >= this.fence));
    const size = added.offsets.length;
    if (size === 0) return;
    const merged = mergeFrom === null ? [] : this.#pieces.filter(({ first }) => first >= mergeFrom);
    const kept = this.#pieces.filter((piece) => !merged.includes(piece) && piece.end > keepFrom);
    const first = merged.length === 0 ? added.first : at(merged, 0).first;
    const parts = [...merged.flatMap((piece) => piece.parts), added];
    this.#pieces = [...kept, { first, end: added.first + size, run, keepFrom, parts }];
  }
}
