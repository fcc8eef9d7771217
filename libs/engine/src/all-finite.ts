/** True if no value is NaN or infinite: x·0 is 0 for a finite x and NaN otherwise. */
export const allFinite = (values: Float32Array | Float64Array, length: number = values.length): boolean => {
  // Four independent sums, so that no addition waits for the previous one.
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    a += (values[i] ?? 0) * 0;
    b += (values[i + 1] ?? 0) * 0;
    c += (values[i + 2] ?? 0) * 0;
    d += (values[i + 3] ?? 0) * 0;
  }
  for (; i < length; i++) a += (values[i] ?? 0) * 0;
  return a + b + c + d === 0;
};
