const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Number without a value: not a number, or none. */
const NONE = '–';

/** Formats a count: 12,345, and 1.2 M from a million on. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return NONE;
  if (Math.abs(count) >= 1e9) return `${(count / 1e9).toFixed(1)} G`;
  if (Math.abs(count) >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return whole.format(count);
}

/** Formats a value of an event with at most four significant digits, or as it is if it is whole. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return 'missing';
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value).replace('-', '−');
  const text =
    value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)
      ? value.toExponential(2).replace('e+', 'e')
      : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '−');
}

/** Formats a surprise: 18.9. */
export const formatBits = (bits: number): string => (Number.isFinite(bits) ? bits.toFixed(1) : NONE);

/** Formats a rate per second. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return whole.format(perSecond);
  return perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1);
}

/** Formats a p-value: 0.0012, or 3.1e−9. */
export function formatP(p: number): string {
  if (p === 0) return '0';
  return p < 1e-4 ? p.toExponential(1).replace('-', '−') : String(Number(p.toPrecision(2)));
}

/** Noun for a count: `1 alert`, `2 alerts`, `2 anomalies`. */
export const plural = (count: number, noun: string): string =>
  `${formatCount(count)} ${count === 1 ? noun : /[^aeo]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
