import { at, missing } from '@flowline/events';

/** True if no value is NaN or infinite: x − x is 0 for a finite x and NaN otherwise. */
export const allFinite = (values: Float32Array | Float64Array, length: number = values.length): boolean => {
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i] ?? missing(values, i);
    sum += value - value;
  }
  return sum === 0;
};

/**
 * {@link allFinite} for numbers of which most are 0, two at a time: 64 bits that are the number 0
 * are two zeros.
 */
export const allFiniteSparse = (values: Float32Array, length: number): boolean => {
  if (values.byteOffset % 8 !== 0) return allFinite(values, length);
  const pairs = new Float64Array(values.buffer, values.byteOffset, length >> 1);
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i] === 0) continue;
    const difference = (values[2 * i] ?? missing(values, 2 * i)) - (values[2 * i + 1] ?? missing(values, 2 * i + 1));
    if (difference * 0 !== 0) return false;
  }
  return length % 2 === 0 || at(values, length - 1) * 0 === 0;
};
