import type { ExpectedRange } from '@flowline/events';

/**
 * Formats a number for a line of text: whole numbers as they are, others to four digits, and from
 * ten million or below a thousandth in powers of ten ("5e12"). Negative numbers have a minus sign,
 * not a hyphen.
 */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e7 || size < 1e-3) return signed(Number(value.toPrecision(3)).toExponential().replace('e+', 'e'));
  return signed(
    Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(Math.max(4, digitsBefore(size))))),
  );
}

/**
 * Formats a range for a line of text, with both ends to about two digits of its width ("95–420",
 * "0.12–0.31", "−12–48").
 */
export function formatRange(low: number, high: number): string {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const width = high - low;
  if (!(width > 0) || largest >= 1e7 || largest < 1e-3) return `${formatNumber(low)}–${formatNumber(high)}`;
  const decimals = Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(width))));
  const end = (value: number): string => signed(String(Number(value.toFixed(decimals)) + 0));
  return `${end(low)}–${end(high)}`;
}

/** Formats the values expected of a feature: one range, or several ("−3.2–−2.8 or 2.8–3.2"). */
export function formatExpected({ p05, p95, ranges }: ExpectedRange): string {
  return (ranges ?? [{ low: p05, high: p95 }]).map(({ low, high }) => formatRange(low, high)).join(' or ');
}

/** Formats bits to one decimal, or in powers of ten if they are absurdly many. */
export function formatBits(bits: number): string {
  return bits >= 1e4 ? formatNumber(Math.round(bits)) : bits.toFixed(1);
}

const digitsBefore = (size: number): number => Math.floor(Math.log10(size)) + 1;
const signed = (text: string): string => text.replace(/^-/, '−');
