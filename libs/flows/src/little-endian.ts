/** Numeric array of a safetensors file in memory. */
export type Numbers = Float32Array | Float64Array | Uint8Array;

/**
 * True on big-endian processors, where bytes must be swapped. They are rare, and files hold many
 * numbers: elsewhere bytes are used as they are.
 */
const SWAPS = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/**
 * Little-endian bytes of numbers, as a view if the processor is little-endian. `swaps`: true if it
 * is not.
 */
export function littleEndianBytes(values: Numbers, swaps = SWAPS): Uint8Array {
  const view = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return swaps ? reversed(view.slice(), values.BYTES_PER_ELEMENT) : view;
}

/**
 * Numbers that little-endian bytes encode, as a copy. The bytes must hold a whole number of them.
 */
export function fromLittleEndian(bytes: Uint8Array, dtype: 'F32' | 'F64' | 'U8', swaps = SWAPS): Numbers {
  const copy = new Uint8Array(bytes); // slice of a Buffer would not copy
  if (dtype === 'U8') return copy;
  const buffer = (swaps ? reversed(copy, dtype === 'F32' ? 4 : 8) : copy).buffer;
  return dtype === 'F32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** Reverses the bytes of every number in place. */
function reversed(bytes: Uint8Array, width: number): Uint8Array {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
  return bytes;
}
