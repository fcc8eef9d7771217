import { at, type IdEntries } from '@flowline/events';

/**
 * Bytes of a block's header: number of entries, then offset and time of the first. All numbers are
 * little-endian, as processors have them.
 */
const HEADER = 20;
/** Maximum bytes of an entry: its hash, and two numbers of up to 54 bits in groups of seven. */
const ENTRY = 8 + 2 * 8;

/**
 * Packs ids to a block of bytes: their hashes, then per entry how far offset and time are from
 * those before, mostly a byte each. Blocks that follow one another are read as one.
 */
export function packIds({ hashes, offsets, timesMs }: IdEntries): Buffer {
  const size = offsets.length;
  const bytes = Buffer.allocUnsafe(HEADER + size * ENTRY);
  bytes.writeUInt32LE(size, 0);
  let [offset, timeMs] = [offsets.at(0) ?? 0, timesMs.at(0) ?? 0];
  bytes.writeDoubleLE(offset, 4);
  bytes.writeDoubleLE(timeMs, 12);
  bytes.set(new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength), HEADER);
  let end = HEADER + hashes.byteLength;
  for (let i = 0; i < size; i++) {
    end = writeNumber(bytes, end, at(offsets, i) - offset);
    end = writeNumber(bytes, end, at(timesMs, i) - timeMs);
    [offset, timeMs] = [at(offsets, i), at(timesMs, i)];
  }
  return bytes.subarray(0, end);
}

/** Unpacks the blocks of a piece whose first entry has this number. */
export function unpackIds(first: number, bytes: Buffer): IdEntries {
  const size = sizeOf(bytes);
  const hashes = new Int32Array(2 * size);
  const offsets = new Float64Array(size);
  const timesMs = new Float64Array(size);
  const reader = new NumberReader(bytes);
  for (let start = 0; start < size;) {
    const count = bytes.readUInt32LE(reader.position);
    let offset = bytes.readDoubleLE(reader.position + 4);
    let timeMs = bytes.readDoubleLE(reader.position + 12);
    reader.position += HEADER;
    const own = bytes.subarray(reader.position, reader.position + 8 * count);
    new Uint8Array(hashes.buffer, 8 * start, 8 * count).set(own);
    reader.position += 8 * count;
    for (let i = start; i < start + count; i++) {
      offsets[i] = offset += reader.next();
      timesMs[i] = timeMs += reader.next();
    }
    start += count;
  }
  return { first, hashes, offsets, timesMs };
}

/** Number of entries of the blocks. */
function sizeOf(bytes: Buffer): number {
  const reader = new NumberReader(bytes);
  let size = 0;
  while (reader.position < bytes.length) {
    const count = bytes.readUInt32LE(reader.position);
    reader.position += HEADER + 8 * count;
    for (let i = 0; i < 2 * count; i++) reader.next();
    size += count;
  }
  return size;
}

/** Writes a whole number, small ones in few bytes. Returns the position after it. */
function writeNumber(bytes: Buffer, start: number, value: number): number {
  // Signs alternate, so that small negative numbers are small, too.
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let end = start;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 128;
  bytes[end++] = rest;
  return end;
}

/** Reads the numbers that were written one after another. */
class NumberReader {
  readonly #bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.readUInt8(this.position++);
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  }
}
