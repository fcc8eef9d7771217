import { FlowlineError } from '@flowline/events';

import { Series } from './series.ts';

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;

/**
 * Entities in their order: the length of a JSON header, the header (a list of each entity's name and the lengths of its series),
 * then every number as little-endian float64, so that what comes back is the same bit for bit.
 */
export function encodeSnapshot(entities: ReadonlyMap<string, readonly Series[]>): Uint8Array {
  const index = [...entities].map(([name, series]) => [name, series.map(({ length }) => length)] as const);
  const count = index.reduce((sum, [, lengths]) => sum + 2 * lengths.reduce((a, b) => a + b, 0), 0);
  const numbers = new Float64Array(count);
  let at = 0;
  for (const series of entities.values()) for (const one of series) at = one.write(numbers, at);

  const header = Buffer.from(JSON.stringify(index));
  const bytes = Buffer.alloc(LENGTH_BYTES + header.length + count * NUMBER_BYTES);
  bytes.writeUInt32LE(header.length);
  header.copy(bytes, LENGTH_BYTES);
  numbers.forEach((value, i) => bytes.writeDoubleLE(value, LENGTH_BYTES + header.length + i * NUMBER_BYTES));
  return bytes;
}

/** What {@link encodeSnapshot} wrote. @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED. */
export function decodeSnapshot(data: Uint8Array, width: number): Map<string, readonly Series[]> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const headerEnd = LENGTH_BYTES + (bytes.length < LENGTH_BYTES ? NaN : bytes.readUInt32LE());
  if (!(headerEnd <= bytes.length)) throw corrupted('it ends within its header');
  const index = parseIndex(bytes.toString('utf8', LENGTH_BYTES, headerEnd), width);
  const count = index.reduce((sum, [, lengths]) => sum + 2 * lengths.reduce((a, b) => a + b, 0), 0);
  if (bytes.length !== headerEnd + count * NUMBER_BYTES) throw corrupted('its length is not what its header says');
  const numbers = Float64Array.from({ length: count }, (_, i) => bytes.readDoubleLE(headerEnd + i * NUMBER_BYTES));
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
