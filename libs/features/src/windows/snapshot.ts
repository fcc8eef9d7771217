import { endianness } from 'node:os';

import { FlowlineError } from '@flowline/events';

import { Coverage, COVERAGE_NUMBERS } from './coverage.ts';
import { Entity } from './entity.ts';
import { Series } from './series.ts';

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
const IS_BIG_ENDIAN = endianness() === 'BE';

/** Work of one to three milliseconds: entities or values per slice, and bytes to copy per slice. */
const SLICE = 20_000;
const SLICE_BYTES = 1_000_000;
/**
 * Numbers of an entity before its series: its newest time, the time up to which it was forgotten,
 * and isNew.
 */
const ENTITY_NUMBERS = 3;

/** State of the windows of a partition. */
export interface WindowState {
  readonly coverage: Coverage;
  /** Entities in the order in which they were last seen. */
  readonly entities: Iterable<Entity>;
}

/**
 * Encodes a state as bytes, in slices of a few milliseconds of work. A slice is the length of its
 * JSON text, the text (a list of the name of each entity and the lengths of its series), and its
 * numbers as little-endian float64, so that the state is restored bit for bit. The first slice
 * holds the numbers of the coverage and no entity. The state must not change meanwhile.
 */
export function* encodeSnapshot({ coverage, entities }: WindowState): Generator<void, Uint8Array, void> {
  const parts: Buffer[] = slice('[]', coverage.write());
  for (const held of slicesOf(entities)) {
    const index = held.map(({ name, series }) => [name, series.map(({ length }) => length)]);
    parts.push(...slice(JSON.stringify(index), numbersOf(held)));
    yield;
  }
  return yield* concat(parts);
}

function slice(text: string, numbers: Float64Array): Buffer[] {
  const json = Buffer.from(text);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(json.length);
  const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  return [length, json, IS_BIG_ENDIAN ? bytes.swap64() : bytes];
}

/** Splits entities into runs of one slice of work each. */
function* slicesOf(entities: Iterable<Entity>): Generator<readonly Entity[], void, void> {
  let held: Entity[] = [];
  let work = 0;
  for (const entity of entities) {
    held.push(entity);
    work += 1 + entity.events + entity.name.length / 8;
    if (work < SLICE) continue;
    yield held;
    held = [];
    work = 0;
  }
  if (held.length > 0) yield held;
}

function numbersOf(entities: readonly Entity[]): Float64Array {
  const numbers = new Float64Array(entities.reduce((sum, { events }) => sum + ENTITY_NUMBERS + 2 * events, 0));
  let at = 0;
  for (const { newestMs, forgottenToMs, isNew, series } of entities) {
    numbers.set([newestMs, forgottenToMs, isNew ? 1 : 0], at);
    at += ENTITY_NUMBERS;
    for (const one of series) at = one.write(numbers, at);
  }
  return numbers;
}

function* concat(parts: readonly Buffer[]): Generator<void, Uint8Array, void> {
  const bytes = Buffer.allocUnsafe(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  let copied = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
    copied += part.length;
    if (copied < SLICE_BYTES) continue;
    copied = 0;
    yield;
  }
  return bytes;
}

/**
 * Decodes the bytes of {@link encodeSnapshot}, in slices of a few milliseconds of work.
 * @param width number of series per entity.
 * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED for damaged bytes.
 */
export function* decodeSnapshot(data: Uint8Array, width: number): Generator<void, WindowState, void> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const first = readSlice(bytes, 0, width);
  if (first.index.length > 0 || first.numbers.length !== COVERAGE_NUMBERS)
    throw corrupted('it does not begin with its coverage');
  const coverage = Coverage.read(first.numbers);
  const entities: Entity[] = [];
  for (let at = first.end; at < bytes.length;) {
    const { index, numbers, end } = readSlice(bytes, at, width);
    let number = 0;
    for (const [name, lengths] of index) {
      const [newestMs = NaN, forgottenToMs = NaN, isNew] = numbers.subarray(number, number + ENTITY_NUMBERS);
      number += ENTITY_NUMBERS;
      const series = lengths.map((length) => {
        number += 2 * length;
        return Series.read(numbers, number - 2 * length, length);
      });
      entities.push(new Entity(name, series, { newestMs, forgottenToMs, isNew: isNew === 1 }));
    }
    at = end;
    yield;
  }
  return { coverage, entities };
}

interface Slice {
  readonly index: Index;
  readonly numbers: Float64Array;
  /** Start of the next slice. */
  readonly end: number;
}

type Index = readonly (readonly [name: string, lengths: readonly number[]])[];

function readSlice(bytes: Buffer, start: number, width: number): Slice {
  const text = start + LENGTH_BYTES;
  const textEnd = text + (bytes.length < text ? NaN : bytes.readUInt32LE(start));
  if (!(textEnd <= bytes.length)) throw corrupted('it ends within a header');
  const index = parseIndex(bytes.toString('utf8', text, textEnd), width);
  const count =
    start === 0
      ? COVERAGE_NUMBERS
      : index.reduce((sum, [, lengths]) => sum + ENTITY_NUMBERS + 2 * lengths.reduce((a, b) => a + b, 0), 0);
  const end = textEnd + count * NUMBER_BYTES;
  if (end > bytes.length || end === start) throw corrupted('its length is not what its headers say');
  return { index, numbers: floats(bytes.subarray(textEnd, end)), end };
}

function floats(bytes: Uint8Array): Float64Array {
  // Copied, since a Float64Array must begin at a multiple of eight bytes.
  const copy = Buffer.from(Uint8Array.from(bytes).buffer);
  if (IS_BIG_ENDIAN) copy.swap64();
  return new Float64Array(copy.buffer, copy.byteOffset, copy.length / NUMBER_BYTES);
}

function parseIndex(text: string, width: number): Index {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw corrupted('a header is not JSON', cause);
  }
  if (Array.isArray(index) && index.every((entry) => isEntry(entry, width))) return index;
  throw corrupted('a header does not fit its windows');
}

function isEntry(entry: unknown, width: number): entry is readonly [string, readonly number[]] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const lengths: unknown = entry[1];
  return (
    Array.isArray(lengths) &&
    lengths.length === width &&
    lengths.every((length) => Number.isInteger(length) && Number(length) >= 0)
  );
}

function corrupted(finding: string, cause?: unknown): FlowlineError {
  return new FlowlineError('FLOWLINE_WINDOWS_CORRUPTED', `The stored state of windows cannot be read: ${finding}.`, {
    where: 'flowline.window_snapshots',
    remedy: 'Start the scorer once with --reset-windows: windows then fill anew from the topic.',
    ...(cause === undefined ? {} : { cause }),
  });
}
