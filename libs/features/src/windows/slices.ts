import { endianness } from 'node:os';

import { FlowlineError } from '@flowline/events';

const LENGTH_BYTES = 4;
const NUMBER_BYTES = 8;
const IS_BIG_ENDIAN = endianness() === 'BE';

/** Slice of bytes: JSON, and float64 numbers. */
interface Slice {
  readonly json: unknown;
  readonly numbers: Float64Array;
  /** Start of the next slice. */
  readonly end: number;
}

/** Encodes a slice: the length of its JSON text, the text, and its numbers, little-endian. */
export function encodeSlice(json: unknown, numbers: Float64Array): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + text.length + numbers.byteLength);
  bytes.writeUInt32LE(text.length);
  text.copy(bytes, LENGTH_BYTES);
  const copy = bytes.subarray(LENGTH_BYTES + text.length);
  copy.set(Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  if (IS_BIG_ENDIAN) copy.swap64();
  return bytes;
}

/**
 * Decodes the slice at a position.
 * @param countOf number of its numbers, by its JSON.
 * @throws FlowlineError FLOWLINE_WINDOWS_CORRUPTED.
 */
export function decodeSlice(bytes: Buffer, start: number, countOf: (json: unknown) => number): Slice {
  const text = start + LENGTH_BYTES;
  const textEnd = text + (bytes.length < text ? NaN : bytes.readUInt32LE(start));
  if (!(textEnd <= bytes.length)) throw corrupted('it ends within a header');
  const json = parse(bytes.toString('utf8', text, textEnd));
  const end = textEnd + countOf(json) * NUMBER_BYTES;
  if (!(end <= bytes.length)) throw corrupted('its length is not what its headers say');
  return { json, numbers: floats(bytes.subarray(textEnd, end)), end };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corrupted('a header is not JSON', cause);
  }
}

function floats(bytes: Uint8Array): Float64Array {
  // Copied, since a Float64Array must begin at a multiple of eight bytes.
  const copy = Buffer.from(Uint8Array.from(bytes).buffer);
  if (IS_BIG_ENDIAN) copy.swap64();
  return new Float64Array(copy.buffer, copy.byteOffset, copy.length / NUMBER_BYTES);
}

/** Creates the error of damaged bytes. */
export function corrupted(finding: string, cause?: unknown): FlowlineError {
  return new FlowlineError('FLOWLINE_WINDOWS_CORRUPTED', `The stored state of windows cannot be read: ${finding}.`, {
    where: 'flowline.window_pieces',
    remedy: 'Start the scorer once with --reset-windows: windows then fill anew from the topic.',
    ...(cause === undefined ? {} : { cause }),
  });
}
