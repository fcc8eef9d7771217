/** Text of a value that is absent or not finite. */
const NONE = '–';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const minus = (text: string): string => text.replaceAll('-', '−');

/** Formats a count with separators: 12,345. */
export const formatCount = (count: number): string => (Number.isFinite(count) ? minus(whole.format(count)) : NONE);

/** Formats a number with at most four significant digits; a whole one below a million as it is. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return minus(String(value));
  if (size >= 1e6 || (size !== 0 && size < 1e-4)) return minus(value.toExponential(2).replace('e+', 'e'));
  return minus(String(Number(value.toPrecision(4))));
}

/** Formats a share in percent: 0.12 %. */
export const formatPercent = (share: number): string =>
  Number.isFinite(share) ? `${formatValue(Number((100 * share).toPrecision(2)))} %` : NONE;

/** Formats a surprise in bits: 18.9 bits. */
export const formatBits = (bits: number): string => (Number.isFinite(bits) ? `${bits.toFixed(1)} bits` : NONE);

/** Formats a time in UTC: 2026-05-01 14:03:07Z. */
export const formatTime = (ms: number): string =>
  Number.isFinite(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z` : NONE;
