import { formatValue } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import type { AxisFeature } from './axis.ts';

/** Period from which on a cycle is one of time, in milliseconds. */
const SHORTEST_TIME_MS = 60_000;

/** Value of a feature in words: a time within its cycle, or a number. */
export function valueText({ period }: Pick<AxisFeature, 'period'>, value: number): string {
  if (period === null) return formatValue(value);
  const within = ((value % period) + period) % period;
  return period >= SHORTEST_TIME_MS ? formatDuration(within) : formatValue(within);
}
