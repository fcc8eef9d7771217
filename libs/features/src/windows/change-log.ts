import { at } from '@flowline/events';

import { type Entity } from './entity.ts';
import { encodeSlice } from './slices.ts';

/** Kinds of changes, as the first number of each. */
export const CHANGE = { event: 0, begin: 1, forget: 2 } as const;

/** Changes per slice: encoding one takes a millisecond or two. */
const SLICE_CHANGES = 5_000;
/** Length of names per slice, in characters. */
const SLICE_NAMES = 500_000;
let slices = 0;

/**
 * Changes of windows since a snapshot, in order: events that were added, and entities that were
 * forgotten. Applied to the state of that snapshot, they give the present one.
 *
 * ```
 *  event:  its entity × 4 + 0, time, a value per series (NaN: none)
 *  begin:  its entity × 4 + 1, time, a value per series, and forgottenToMs and isNew of the entity
 *  forget: the entity × 4 + 2
 * ```
 *
 * An entity is the index of its name in the slice.
 */
export class ChangeLog {
  readonly #done: Buffer[] = [];
  #names: string[] = [];
  #nameLength = 0;
  #numbers = new Float64Array(1_024);
  #length = 0;
  #changes = 0;
  /** Order of the first event in the open slice, or after its beginning. */
  #from = 0;
  /** Number of the open slice, unique in this process. */
  #slice = ++slices;
  #doneBytes = 0;

  /** Length of the changes in bytes, nearly. */
  get bytes(): number {
    return this.#doneBytes + this.#nameLength + 8 * this.#length;
  }

  /** Adds an event of an entity, or its beginning. Its order is the entity's. */
  add(entity: Entity, timeMs: number, observed: Float64Array, isBeginning: boolean): void {
    if (this.#changes === 0) this.#from = entity.order;
    this.#push(4 * this.#indexOf(entity) + (isBeginning ? CHANGE.begin : CHANGE.event));
    this.#push(timeMs);
    for (let i = 0; i < observed.length; i++) {
      const value = at(observed, i);
      this.#push(Number.isFinite(value) ? value : NaN);
    }
    if (isBeginning) {
      this.#push(entity.forgottenToMs);
      this.#push(entity.isNew ? 1 : 0);
    }
    this.#closeWhenFull();
  }

  /**
   * Adds that an entity was forgotten.
   * @param order order of the next event.
   */
  forget(entity: Entity, order: number): void {
    if (this.#changes === 0) this.#from = order;
    this.#push(4 * this.#indexOf(entity) + CHANGE.forget);
    this.#closeWhenFull();
  }

  /** Takes the slices of all changes; the log is then empty. */
  take(): readonly Buffer[] {
    this.#close();
    this.#doneBytes = 0;
    return this.#done.splice(0);
  }

  #indexOf(entity: Entity): number {
    if (entity.slice !== this.#slice) {
      entity.slice = this.#slice;
      entity.index = this.#names.push(entity.name) - 1;
      this.#nameLength += entity.name.length + 3;
    }
    return entity.index;
  }

  #push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = number;
  }

  #closeWhenFull(): void {
    if (++this.#changes >= SLICE_CHANGES || this.#nameLength >= SLICE_NAMES) this.#close();
  }

  #close(): void {
    if (this.#changes === 0) return;
    const json = { from: this.#from, names: this.#names, length: this.#length };
    const slice = encodeSlice(json, this.#numbers.subarray(0, this.#length));
    this.#done.push(slice);
    this.#doneBytes += slice.length;
    this.#names = [];
    this.#nameLength = 0;
    this.#length = 0;
    this.#changes = 0;
    this.#slice = ++slices;
  }
}
