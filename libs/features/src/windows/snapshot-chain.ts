import { randomUUID } from 'node:crypto';

import type { Steps, StoredWindows, WindowLimit, WindowSnapshot } from '@flowline/events';

import { ChangeLog } from './change-log.ts';
import type { Coverage } from './coverage.ts';
import type { Entity } from './entity.ts';
import { encodeCoverage, encodeEntities, Pieces, storedBytes } from './snapshot.ts';

/** Length of changes, in bytes, above which a snapshot is the whole instead. */
const MAX_CHANGES = 16_000_000;
/** Bytes of entities that are stored in turn, per byte of changes. */
const SHARE = 0.5;
/** Snapshots within which every entity is stored anew, however few events there are. */
const MAX_SNAPSHOTS = 2_000;

/** State of the windows of a partition, apart from their entities. */
export interface WindowState {
  readonly id: string;
  readonly nextOffset: number;
  readonly coverage: Coverage;
  /** Order of the last event. */
  readonly order: number;
  /** Length of the whole in bytes, nearly. */
  readonly length: number;
}

/**
 * Snapshots of windows, each of which extends the one before: it holds the changes since, then the
 * whole state of further entities in turn, of half as many bytes. The first one is the whole.
 */
export class SnapshotChain {
  readonly #entities: ReadonlyMap<string, Entity>;
  /** Changes since the last snapshot; null before the first, and when there are too many. */
  #changes: ChangeLog | null = null;
  /** Token of the last snapshot. */
  #token: string | null = null;
  /** Round over the entities in the order in which they began, and the next one there. */
  #round: Iterator<Entity> | null = null;
  #next: Entity | null = null;
  /** Limits reached since the last snapshot. */
  readonly #limits = new Set<WindowLimit>();

  /** @param entities by name, in the order in which they began or were stored. */
  constructor(entities: ReadonlyMap<string, Entity>) {
    this.#entities = entities;
  }

  /** Notes an event, which may be the first of its entity. */
  added(entity: Entity, timeMs: number, observed: Float64Array, isBeginning: boolean): void {
    if (this.#changes === null) return;
    this.#changes.add(entity, timeMs, observed, isBeginning);
    if (this.#changes.bytes > MAX_CHANGES) this.#changes = null;
  }

  /**
   * Notes that an entity was forgotten.
   * @param order order of the next event.
   */
  forgotten(entity: Entity, order: number): void {
    this.#changes?.forget(entity, order);
  }

  limited(limit: WindowLimit): void {
    this.#limits.add(limit);
  }

  /** Makes the next snapshot extend that of a token; null makes it the whole. */
  continueFrom(token: string | null): void {
    this.#token = token;
    this.#changes = token === null ? null : new ChangeLog();
    this.#round = null;
    this.#next = null;
  }

  /** Returns the next snapshot, in steps of a few milliseconds; nothing must change meanwhile. */
  *next(state: WindowState): Steps<WindowSnapshot> {
    const follows = this.#changes === null ? null : this.#token;
    const pieces = new Pieces();
    pieces.add(encodeCoverage(state.coverage, state.order));
    let budget = state.length / MAX_SNAPSHOTS;
    for (const slice of this.#changes?.take() ?? []) {
      pieces.add(slice);
      budget += SHARE * slice.length;
      yield;
    }
    const entities = follows === null ? this.#entities.values() : this.#upTo(budget);
    for (const slice of encodeEntities(asSaved(entities, state.nextOffset))) {
      pieces.add(slice);
      yield;
    }
    const token = randomUUID();
    if (follows === null) this.continueFrom(token);
    else this.#token = token;
    const limits = [...this.#limits];
    this.#limits.clear();
    return { ...stored(state, pieces, token), follows, keepFrom: this.#keepFrom(state.nextOffset), limits };
  }

  /** Next entities in turn, up to a length in bytes, and each once. */
  *#upTo(budget: number): Generator<Entity, void, void> {
    let rest = budget;
    for (let count = this.#entities.size; count > 0 && rest > 0; count--) {
      const entity = this.#peek();
      if (entity === null) return;
      rest -= storedBytes(entity);
      this.#next = null;
      yield entity;
    }
  }

  /** Next entity in turn; null if there is none. */
  #peek(): Entity | null {
    while (this.#next === null || this.#next.isForgotten) {
      if (this.#entities.size === 0) return null;
      this.#round ??= this.#entities.values();
      const next = this.#round.next();
      if (next.done === true) this.#round = null;
      else this.#next = next.value;
    }
    return this.#next;
  }

  /**
   * Offset from which pieces are needed to restore every entity: that of the next one in turn, or
   * of the first one of this round, where the rest of the round began after it.
   */
  #keepFrom(nextOffset: number): number {
    const [first] = this.#entities.values();
    return Math.min(this.#peek()?.savedTo ?? nextOffset, first?.savedTo ?? nextOffset);
  }
}

/** Returns the whole state. */
export function wholeState(state: WindowState, entities: Iterable<Entity>): StoredWindows {
  const pieces = new Pieces();
  pieces.add(encodeCoverage(state.coverage, state.order));
  for (const slice of encodeEntities(entities)) pieces.add(slice);
  return stored(state, pieces, null);
}

function stored({ id, nextOffset }: WindowState, pieces: Pieces, token: string | null): StoredWindows {
  return { id, nextOffset, token, pieces: pieces.end().map((bytes) => ({ nextOffset, bytes })) };
}

function* asSaved(entities: Iterable<Entity>, nextOffset: number): Generator<Entity, void, void> {
  for (const entity of entities) {
    entity.savedTo = nextOffset;
    yield entity;
  }
}
