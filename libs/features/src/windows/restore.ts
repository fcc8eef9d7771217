import { at, type Steps, type WindowPiece } from '@flowline/events';

import { CHANGE } from './change-log.ts';
import { Coverage, COVERAGE_NUMBERS } from './coverage.ts';
import { Entity } from './entity.ts';
import { type Retention, Series } from './series.ts';
import { corrupted, decodeSlice } from './slices.ts';
import { ENTITY_NUMBERS } from './snapshot.ts';

/** State of windows, as pieces describe it. */
interface RestoredState {
  readonly coverage: Coverage;
  /** Entities in the order in which they were stored last. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** Order of the last event. */
  readonly order: number;
}

/** Numbers of an entity in the format before pieces, which had no order. */
const OLD_ENTITY_NUMBERS = 3;

/**
 * Reads pieces in slices of a few milliseconds of work. A piece has the changes since the one
 * before, then the whole state of some entities. Changes of an entity whose state comes later are
 * passed over; that state has them.
 * @param retentions of the series of an entity.
 * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED for damaged bytes.
 */
export function* restoreSteps(pieces: readonly WindowPiece[], retentions: readonly Retention[]): Steps<RestoredState> {
  const state = new Restoring(retentions);
  for (const { bytes, nextOffset } of pieces) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length === 0) throw corrupted('a piece is empty');
    for (let at = 0; at < buffer.length;) {
      const { json, numbers, end } = decodeSlice(buffer, at, (header) => state.countOf(header));
      state.apply(json, numbers, nextOffset);
      at = end;
      yield;
    }
  }
  return state.end();
}

type Index = readonly (readonly [name: string, lengths: readonly number[]])[];

class Restoring {
  readonly #retentions: readonly Retention[];
  readonly #entities = new Map<string, Entity>();
  #coverage: Coverage | null = null;
  #order = 0;

  constructor(retentions: readonly Retention[]) {
    this.#retentions = retentions;
  }

  end(): RestoredState {
    if (this.#coverage === null) throw corrupted('it has no coverage');
    return { coverage: this.#coverage, entities: this.#entities, order: this.#order };
  }

  /** Number of the numbers of a slice, by its JSON. */
  countOf(json: unknown): number {
    if (Array.isArray(json)) return this.#coverage === null ? COVERAGE_NUMBERS : this.#count(json, OLD_ENTITY_NUMBERS);
    if (!isObject(json)) throw corrupted('a header is no object');
    if ('coverage' in json) return 1 + COVERAGE_NUMBERS;
    if ('entities' in json) return this.#count(json.entities, ENTITY_NUMBERS);
    if (Number.isSafeInteger(json.length) && Number(json.length) >= 0) return Number(json.length);
    throw corrupted('a header is of no known kind');
  }

  apply(json: unknown, numbers: Float64Array, nextOffset: number): void {
    if (Array.isArray(json)) {
      if (this.#coverage === null) this.#coverage = Coverage.read(numbers);
      else this.#readEntities(json as Index, numbers, OLD_ENTITY_NUMBERS, nextOffset);
    } else if (isObject(json) && 'coverage' in json) {
      this.#order = at(numbers, 0);
      this.#coverage = Coverage.read(numbers.subarray(1));
    } else if (isObject(json) && 'entities' in json) {
      this.#readEntities(json.entities as Index, numbers, ENTITY_NUMBERS, nextOffset);
    } else if (isObject(json)) this.#change(json, numbers, nextOffset);
  }

  #readEntities(index: Index, numbers: Float64Array, width: number, nextOffset: number): void {
    let next = 0;
    for (const [name, lengths] of index) {
      const own = numbers.subarray(next, next + width);
      next += width;
      const series = lengths.map((length) => {
        next += 2 * length;
        return Series.read(numbers, next - 2 * length, length);
      });
      const past = { newestMs: at(own, 0), forgottenToMs: at(own, 1), isNew: own[2] === 1 };
      const entity = new Entity(name, series, past);
      entity.order = own.at(OLD_ENTITY_NUMBERS) ?? ++this.#order;
      this.#put(entity, nextOffset);
    }
  }

  #put(entity: Entity, nextOffset: number): void {
    entity.savedTo = nextOffset;
    this.#entities.delete(entity.name);
    this.#entities.set(entity.name, entity);
  }

  #change({ from, names }: Readonly<Record<string, unknown>>, numbers: Float64Array, nextOffset: number): void {
    if (!isNames(names) || typeof from !== 'number') throw corrupted('a header does not fit its windows');
    const width = this.#retentions.length;
    let order = from;
    for (let next = 0; next < numbers.length;) {
      const code = at(numbers, next);
      const kind = code % 4;
      const name = names[Math.floor(code / 4)];
      const length = kind === CHANGE.forget ? 1 : 2 + width + (kind === CHANGE.begin ? 2 : 0);
      if (name === undefined || next + length > numbers.length) throw corrupted('a change does not fit its windows');
      const numbersOf = numbers.subarray(next + 1, next + length);
      next += length;
      if (kind === CHANGE.forget) this.#entities.delete(name);
      else
        this.#event(
          kind === CHANGE.begin ? this.#begin(name, numbersOf, nextOffset) : this.#entities.get(name),
          numbersOf,
          order++,
        );
    }
  }

  #begin(name: string, numbers: Float64Array, nextOffset: number): Entity {
    const width = this.#retentions.length;
    const series = this.#retentions.map(() => new Series());
    const past = { newestMs: at(numbers, 0), forgottenToMs: at(numbers, 1 + width), isNew: numbers[2 + width] === 1 };
    const entity = new Entity(name, series, past);
    this.#put(entity, nextOffset);
    return entity;
  }

  #event(entity: Entity | undefined, numbers: Float64Array, order: number): void {
    if (entity === undefined) return;
    const timeMs = at(numbers, 0);
    entity.order = order;
    entity.observe(timeMs, numbers.subarray(1), this.#retentions);
  }

  #count(index: unknown, width: number): number {
    if (!Array.isArray(index) || !index.every((entry) => isEntry(entry, this.#retentions.length)))
      throw corrupted('a header does not fit its windows');
    return (index as Index).reduce((sum, [, lengths]) => sum + width + 2 * lengths.reduce((a, b) => a + b, 0), 0);
  }
}

const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const isNames = (names: unknown): names is readonly string[] =>
  Array.isArray(names) && names.every((name) => typeof name === 'string');

function isEntry(entry: unknown, width: number): entry is readonly [string, readonly number[]] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const lengths: unknown = entry[1];
  return (
    Array.isArray(lengths) &&
    lengths.length === width &&
    lengths.every((length) => Number.isInteger(length) && Number(length) >= 0)
  );
}
