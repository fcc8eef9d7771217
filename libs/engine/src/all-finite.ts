/** True if no value is NaN or infinite: x·0 is 0 for a finite x and NaN otherwise. */
export const allFinite = (values: Float32Array | Float64Array, length: number = values.length): boolean => {
  // Four independent sums, so that no addition waits for the previous one.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += numberAt(values, i) * 0;
    b += numberAt(values, i + 1) * 0;
    c += numberAt(values, i + 2) * 0;
    d += numberAt(values, i + 3) * 0;
  }
  for (; i < length; i++) a += numberAt(values, i) * 0;
  return a + b + c + d === 0;
};

/**
 * {@link allFinite} for numbers of which most are 0, two at a time: 64 bits that are the number 0
 * are two zeros.
 */
export const allFiniteSparse = (values: Float32Array, length: number): boolean => {
  if (values.byteOffset % 8 !== 0) return allFinite(values, length);
  const pairs = new Float64Array(values.buffer, values.byteOffset, length >> 1);
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i] !== 0 && (numberAt(values, 2 * i) - numberAt(values, 2 * i + 1)) * 0 !== 0) return false;
  }
  return length % 2 === 0 || numberAt(values, length - 1) * 0 === 0;
};

/** Element that must exist. Like `at` of the events, but as fast as an access: it sees two kinds. */
const numberAt = (values: Float32Array | Float64Array, index: number): number => {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} values`);
  return value;
};
