import { DAY_MS, type FeatureSpec, printable } from '@flowline/events';
import { formatNumber } from './format-number.ts';

/** Maximum length of a displayed level, in characters. */
const LEVEL_CHARACTERS = 80;
const WEEK_MS = 7 * DAY_MS;

/**
 * Formats a feature's value for people. A time on a cycle of a day or a week is stored in
 * milliseconds since the epoch, and shown as a time of day ("14:05:00Z") or of the week ("Thu
 * 14:05:00Z"), in UTC.
 */
export function readableValue(
  spec: Pick<FeatureSpec, 'type' | 'period'> | undefined,
  value: number | string | null,
): string {
  if (value === null) return 'missing';
  if (typeof value === 'string') return printable(value, LEVEL_CHARACTERS);
  return (spec?.type === 'cyclic' ? timeOnCycle(value, spec.period) : null) ?? formatNumber(value);
}

/**
 * Formats a time on its cycle. Null if the cycle is neither a day nor a week, or if the value is
 * not a valid time.
 */
function timeOnCycle(value: number, period: number | null): string | null {
  const time = new Date(value);
  if ((period !== DAY_MS && period !== WEEK_MS) || Number.isNaN(time.getTime())) return null;
  const clock = `${time.toISOString().slice(-13, -5)}Z`;
  if (period === DAY_MS) return clock;
  return `${time.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' })} ${clock}`;
}
