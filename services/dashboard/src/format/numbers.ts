import { formatCount, formatTenths, formatValue } from '@flowline/charts';

export { formatCount, formatTenths, formatValue };

/** Formats a surprise whose unit is beside it: 18.9. */
export const formatBits = formatTenths;

/** Formats a rate per second. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return formatCount(Math.round(perSecond));
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
