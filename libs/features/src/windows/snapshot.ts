import { type Coverage, COVERAGE_NUMBERS } from './coverage.ts';
import type { Entity } from './entity.ts';
import { encodeSlice } from './slices.ts';

/** Work of one to three milliseconds: entities and values per slice. */
const SLICE = 5_000;
/** Length from which a piece is complete. */
const PIECE_BYTES = 1_000_000;

/** Numbers of an entity before its series: newestMs, forgottenToMs, isNew, order. */
export const ENTITY_NUMBERS = 4;

/** Encodes the coverage of windows, and the order of their last event, as a slice. */
export function encodeCoverage(coverage: Coverage, order: number): Buffer {
  const numbers = new Float64Array(1 + COVERAGE_NUMBERS);
  numbers[0] = order;
  numbers.set(coverage.write(), 1);
  return encodeSlice({ coverage: numbers.length }, numbers);
}

/**
 * Encodes entities as slices of a few milliseconds of work each: JSON with the name of each entity
 * and the lengths of its series, and their numbers, so that they are restored bit for bit.
 */
export function* encodeEntities(entities: Iterable<Entity>): Generator<Buffer, void, void> {
  let held: Entity[] = [];
  let work = 0;
  for (const entity of entities) {
    held.push(entity);
    work += 1 + entity.events + entity.name.length / 8;
    if (work < SLICE) continue;
    yield entitiesSlice(held);
    held = [];
    work = 0;
  }
  if (held.length > 0) yield entitiesSlice(held);
}

function entitiesSlice(entities: readonly Entity[]): Buffer {
  const numbers = new Float64Array(entities.reduce((sum, { events }) => sum + ENTITY_NUMBERS + 2 * events, 0));
  let end = 0;
  for (const { newestMs, forgottenToMs, isNew, order, series } of entities) {
    numbers.set([newestMs, forgottenToMs, isNew ? 1 : 0, order], end);
    end += ENTITY_NUMBERS;
    for (const one of series) end = one.write(numbers, end);
  }
  const index = entities.map(({ name, series }) => [name, series.map(({ length }) => length)]);
  return encodeSlice({ entities: index }, numbers);
}

/** Bytes that an entity takes in a snapshot, nearly. */
export const storedBytes = ({ name, series, events }: Entity): number =>
  name.length + 8 + 3 * series.length + 8 * ENTITY_NUMBERS + 16 * events;

/** Joins slices to pieces of a megabyte or so. */
export class Pieces {
  readonly #pieces: Uint8Array[] = [];
  #slices: Uint8Array[] = [];
  #length = 0;

  add(slice: Uint8Array): void {
    this.#slices.push(slice);
    this.#length += slice.length;
    if (this.#length >= PIECE_BYTES) this.#close();
  }

  /** All pieces. */
  end(): readonly Uint8Array[] {
    if (this.#length > 0) this.#close();
    return this.#pieces;
  }

  #close(): void {
    this.#pieces.push(Buffer.concat(this.#slices));
    this.#slices = [];
    this.#length = 0;
  }
}
