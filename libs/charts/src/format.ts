/** Text of a value that is not finite. */
const NONE = '–';
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const minus = (text: string): string => text.replaceAll('-', '−');

/** Formats a count: 12,345, and 1.2 M from a million on. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return NONE;
  const size = Math.abs(count);
  if (size >= 1e9) return minus(`${(count / 1e9).toFixed(1)} G`);
  if (size >= 1e6) return minus(`${(count / 1e6).toFixed(1)} M`);
  return minus(whole.format(count));
}

/**
 * Formats a value of an event: a number with at most four significant digits, a whole one below a
 * million as it is; a text as it is; null as `missing`.
 */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return 'missing';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (!Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return minus(String(value));
  if (size >= 1e6 || (size !== 0 && size < 1e-4)) return minus(value.toExponential(2).replace('e+', 'e'));
  return minus(String(Number(value.toPrecision(4))));
}

/** Formats a number with one decimal, where its unit is beside it: 18.9. */
export const formatTenths = (value: number): string => (Number.isFinite(value) ? minus(value.toFixed(1)) : NONE);

/** Formats a share in percent: 0.12 %. */
export const formatPercent = (share: number): string =>
  Number.isFinite(share) ? `${formatValue(Number((100 * share).toPrecision(2)))} %` : NONE;

/** Formats a surprise in bits: 18.9 bits. */
export const formatBits = (bits: number): string => (Number.isFinite(bits) ? `${formatTenths(bits)} bits` : NONE);

/** Formats a time in UTC: 2026-05-01 14:03:07Z. */
export const formatTime = (ms: number): string =>
  Number.isFinite(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z` : NONE;
