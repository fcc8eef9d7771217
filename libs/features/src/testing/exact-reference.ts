/** Every float64 number is a whole number of these. */
const UNITS_EXPONENT = 1074;

/** Sum of finite numbers, rounded once. It counts in whole numbers of any size. */
export function referenceSum(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + unitsOf(value), 0n);
  const bits = sum.toString(2).replace('-', '').length;
  const shift = BigInt(Math.max(0, bits - 64));
  // What is cut off only matters as something or nothing.
  const cut = shift > 0n && sum % 2n ** shift !== 0n ? 1n : 0n;
  const magnitude = ((sum < 0n ? -sum : sum) >> shift) | cut;
  return (sum < 0n ? -1 : 1) * Number(magnitude) * 2 ** (Number(shift) - UNITS_EXPONENT) + 0;
}

function unitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const exponent = bits >> 52n;
  const fraction = bits & (2n ** 52n - 1n);
  const units = exponent === 0n ? fraction : (fraction | (2n ** 52n)) << (exponent - 1n);
  return value < 0 ? -units : units;
}
