import { endianness } from 'node:os';

import { FlowlineError } from '@flowline/events';

import { Series } from './series.ts';

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
const IS_BIG_ENDIAN = endianness() === 'BE';

/** Work of a few milliseconds: so many entities or values. */
const SLICE = 50_000;

/**
 * Entities in their order: the length of a JSON header, the header (a list of each entity's name and the lengths of its series),
 * then every number as little-endian float64, so that what comes back is the same bit for bit. It pauses every few milliseconds of
 * work, so that whoever steps through it may do something else in between; the entities must not change meanwhile.
 */
export function* encodeSnapshot(entities: ReadonlyMap<string, readonly Series[]>): Generator<void, Uint8Array, void> {
  const header: Buffer[] = [];
  const numbers: Buffer[] = [];
  let names: string[] = [];
  let held: Series[] = [];
  let work = 0;
  const close = (): void => {
    if (names.length > 0) header.push(Buffer.from(`${header.length === 0 ? '' : ','}${names.join(',')}`));
    numbers.push(bytesOf(held));
    [names, held, work] = [[], [], 0];
  };
  for (const [name, series] of entities) {
    names.push(JSON.stringify([name, series.map(({ length }) => length)]));
    held.push(...series);
    work += 1 + series.reduce((sum, { length }) => sum + length, 0) + name.length / 8;
    if (work < SLICE) continue;
    close();
    yield;
  }
  close();
  const text = [Buffer.from('['), ...header, Buffer.from(']')];
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...text, ...numbers]);
}

/** The numbers of series as little-endian float64. */
function bytesOf(held: readonly Series[]): Buffer {
  const numbers = new Float64Array(held.reduce((sum, { length }) => sum + 2 * length, 0));
  let at = 0;
  for (const series of held) at = series.write(numbers, at);
  const bytes = Buffer.from(numbers.buffer);
  return IS_BIG_ENDIAN ? bytes.swap64() : bytes;
}

/** The numbers that {@link bytesOf} wrote. */
function numbersOf(bytes: Uint8Array): Float64Array {
  // A copy, as an array of numbers must begin at a multiple of eight.
  const copy = Buffer.from(Uint8Array.from(bytes).buffer);
  if (IS_BIG_ENDIAN) copy.swap64();
  return new Float64Array(copy.buffer, copy.byteOffset, copy.length / NUMBER_BYTES);
}

/** What {@link encodeSnapshot} wrote. @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED. */
export function decodeSnapshot(data: Uint8Array, width: number): Map<string, readonly Series[]> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const headerEnd = LENGTH_BYTES + (bytes.length < LENGTH_BYTES ? NaN : bytes.readUInt32LE());
  if (!(headerEnd <= bytes.length)) throw corrupted('it ends within its header');
  const index = parseIndex(bytes.toString('utf8', LENGTH_BYTES, headerEnd), width);
  const count = index.reduce((sum, [, lengths]) => sum + 2 * lengths.reduce((a, b) => a + b, 0), 0);
  if (bytes.length !== headerEnd + count * NUMBER_BYTES) throw corrupted('its length is not what its header says');
  const numbers = numbersOf(bytes.subarray(headerEnd));
  let at = 0;
  return new Map(
    index.map(([name, lengths]) => {
      const series = lengths.map((length) => {
        const start = at;
        at += 2 * length;
        return Series.read(numbers, start, length);
      });
      return [name, series];
    }),
  );
}

function parseIndex(text: string, width: number): readonly (readonly [name: string, lengths: readonly number[]])[] {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw corrupted('its header is not JSON', cause);
  }
  if (Array.isArray(index) && index.every((entry) => isEntry(entry, width))) return index;
  throw corrupted('its header does not fit its windows');
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
