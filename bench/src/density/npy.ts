import { FlowlineError } from '@flowline/events';

/** A numpy array, row-major. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
}

const MAGIC = '\u0093NUMPY';

/**
 * Decodes a .npy file of float32 or uint8 values (NEP 1, versions 1 to 3). Throws
 * FLOWLINE_FILE_UNREADABLE for any other.
 */
export function decodeNpy(bytes: Uint8Array, where: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');
  if (text(0, 6) !== MAGIC) throw unreadable(where, 'no .npy file');
  const isFirst = view.getUint8(6) === 1;
  const start = isFirst ? 10 : 12;
  const end = start + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = text(start, end);
  const type = /'descr': '([^']+)'/.exec(header)?.[1];
  const shape = /'shape': \(([^)]*)\)/
    .exec(header)?.[1]
    ?.split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  if (shape === undefined || header.includes("'fortran_order': True"))
    throw unreadable(where, `header ${header.trim()}`);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Uint8Array.from(bytes.subarray(end)); // a copy, so that float32 values are aligned
  if (type === '|u1' && data.length === size) return { shape, values: data };
  if (type === '<f4' && data.length === 4 * size) return { shape, values: new Float32Array(data.buffer) };
  throw unreadable(where, `${data.length} bytes of ${type ?? 'an unknown type'} for the shape (${shape.join(', ')})`);
}

function unreadable(where: string, found: string): FlowlineError {
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `found ${found}, expected float32 or uint8 rows`, { where });
}
