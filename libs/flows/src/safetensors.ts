import { FlowError } from './flow-error.ts';
import { fromLittleEndian, littleEndianBytes } from './little-endian.ts';

/** A named array of a safetensors file, row-major. */
export interface SafeTensor {
  readonly dtype: 'F32' | 'F64' | 'U8';
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint8Array;
}

const HEADER_LENGTH_BYTES = 8;
/** Limit of the format. */
const LARGEST_HEADER_BYTES = 100_000_000;
const BYTES = { F32: 4, F64: 8, U8: 1 } as const;
const arrays = { F32: Float32Array, F64: Float64Array, U8: Uint8Array } as const;

/**
 * Encodes tensors as safetensors: an 8-byte little-endian header length, a JSON header padded with
 * spaces to 8 bytes, then the raw little-endian values
 * (https://github.com/huggingface/safetensors). Tensors are laid out by decreasing element width,
 * then by name: the same content gives the same bytes.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, SafeTensor>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const names = Object.keys(tensors).sort(
    (a, b) => BYTES[tensors[b]?.dtype ?? 'F32'] - BYTES[tensors[a]?.dtype ?? 'F32'] || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = {
    __metadata__: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  let offset = 0;
  for (const name of names) {
    const tensor = tensors[name];
    if (tensor === undefined) continue;
    const size = tensor.shape.reduce((product, length) => product * length, 1);
    const isOfType = tensor.data instanceof arrays[tensor.dtype];
    if (size !== tensor.data.length || !isOfType || name === '__metadata__') {
      throw new FlowError(
        'FLOWLINE_USAGE',
        `a ${tensor.dtype} tensor of shape [${tensor.shape.join(', ')}] does not hold its data`,
        {
          where: name,
        },
      );
    }
    const end = offset + size * BYTES[tensor.dtype];
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(HEADER_LENGTH_BYTES + padded + offset).fill(0x20, HEADER_LENGTH_BYTES + json.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(padded), true);
  bytes.set(json, HEADER_LENGTH_BYTES);
  let at = HEADER_LENGTH_BYTES + padded;
  for (const name of names) {
    const values = littleEndianBytes(tensors[name]?.data ?? new Float32Array(0));
    bytes.set(values, at);
    at += values.length;
  }
  return bytes;
}

/** Content of a safetensors file. */
export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Decodes a safetensors file of F32, F64 and U8 tensors. Throws FLOWLINE_MODEL_CORRUPTED if it
 * does not follow the format.
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = bytes.length < HEADER_LENGTH_BYTES ? 0n : view.getBigUint64(0, true);
  if (headerLength < 2n || headerLength > BigInt(Math.min(LARGEST_HEADER_BYTES, bytes.length - HEADER_LENGTH_BYTES))) {
    throw corrupted(`found ${bytes.length} bytes that do not begin with the length of a header`, 'header');
  }
  const begin = HEADER_LENGTH_BYTES + Number(headerLength);
  const header = parseHeader(bytes.subarray(HEADER_LENGTH_BYTES, begin));
  const dataLength = bytes.length - begin;
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(asRecord(header.__metadata__ ?? {}, '__metadata__'))) {
    if (typeof value !== 'string') throw corrupted(`metadata must be text`, `__metadata__.${key}`);
    metadata[key] = value;
  }
  const tensors = new Map<string, SafeTensor>();
  let used = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, from, to } = readEntry(entry, name, dataLength);
    tensors.set(name, { dtype, shape, data: fromLittleEndian(bytes.subarray(begin + from, begin + to), dtype) });
    used += to - from;
  }
  if (used !== dataLength) throw corrupted(`tensors cover ${used} of ${dataLength} bytes`, 'data');
  return { tensors, metadata };
}

function readEntry(value: unknown, name: string, dataLength: number) {
  const entry = asRecord(value, name);
  const dtype = entry.dtype;
  if (dtype !== 'F32' && dtype !== 'F64' && dtype !== 'U8')
    throw corrupted(`found dtype ${JSON.stringify(dtype)}, expected F32, F64 or U8`, name);
  const shape = wholeNumbers(entry.shape, `${name}.shape`);
  const [from = -1, to = -1] = wholeNumbers(entry.data_offsets, `${name}.data_offsets`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (to > dataLength || from < 0 || to - from !== size * BYTES[dtype]) {
    throw corrupted(`bytes ${from} … ${to} of ${dataLength} do not hold shape [${shape.join(', ')}]`, name);
  }
  return { dtype, shape, from, to } as const;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw corrupted('the header is not JSON', 'header', cause);
  }
  return asRecord(json, 'header');
}

function asRecord(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw corrupted('expected an object', where);
  return Object.fromEntries(Object.entries(value));
}

function wholeNumbers(value: unknown, where: string): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const numbers = list.filter((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0);
  if (!Array.isArray(value) || numbers.length !== list.length)
    throw corrupted('expected a list of whole numbers', where);
  return numbers.map(Number);
}

function corrupted(message: string, where: string, cause?: unknown): FlowError {
  return new FlowError('FLOWLINE_MODEL_CORRUPTED', `not a usable safetensors file: ${message}`, {
    where,
    remedy: 'Restore the file from where it was written.',
    ...(cause === undefined ? {} : { cause }),
  });
}
