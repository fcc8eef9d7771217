/**
 * Converts nflows' LU parameters to ours: entries below and above the diagonal in row order, and
 * the raw diagonal → row-major [d × d].
 */
export function luFactorsFrom(lower: unknown, upper: unknown, diagonal: unknown): Float32Array {
  const [below, above] = [[...(lower as number[])], [...(upper as number[])]];
  const raw = diagonal as number[];
  const d = raw.length;
  return Float32Array.from({ length: d * d }, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d];
    const entry = row === column ? raw[row] : row > column ? below.shift() : above.shift();
    return entry ?? Number.NaN;
  });
}
