import { endianness } from 'node:os';

/** Numbers of a safetensors file in memory. */
export type Numbers = Float32Array | Float64Array;

/** Processors that count from the other end are rare, and numbers of a file are many. */
const SWAPS = endianness() === 'BE';

/** The little-endian bytes of numbers: a view of them where the processor has them so. `swaps`: it has not. */
export function littleEndianBytes(values: Numbers, swaps = SWAPS): Uint8Array {
  const view = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return swaps ? reversed(view.slice(), values.BYTES_PER_ELEMENT) : view;
}

/** The numbers that little-endian bytes stand for, as a copy; a whole number of them. */
export function fromLittleEndian(bytes: Uint8Array, dtype: 'F32' | 'F64', swaps = SWAPS): Numbers {
  const copy = new Uint8Array(bytes); // the slice of a Buffer would be no copy
  const buffer = (swaps ? reversed(copy, dtype === 'F32' ? 4 : 8) : copy).buffer;
  return dtype === 'F32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** Every number the other way round, in place. */
function reversed(bytes: Uint8Array, width: number): Uint8Array {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  return bytes;
}
