import type { TimeRange } from '@flowline/db';

const [MINUTE_S, HOUR_S, DAY_S] = [60, 3_600, 86_400];
/** Lengths of intervals of a timeline, in seconds. */
const WIDTHS = [
  ...[MINUTE_S, 2 * MINUTE_S, 5 * MINUTE_S, 10 * MINUTE_S, 30 * MINUTE_S],
  ...[HOUR_S, 2 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S, 7 * DAY_S],
];
const LONGEST_S = 7 * DAY_S;
/** Stored minutes that a timeline sums at most; of more, hours are summed in their place. */
const MOST_MINUTES = 20_000;

/**
 * Length of the intervals of a timeline, in seconds: the shortest of which `points` cover the
 * range. Intervals below an hour are summed from the minutes of every partition, so that a long
 * range of many partitions has hours.
 */
export function timelineSeconds({ from, to }: TimeRange, points: number, partitions: number): number {
  const rangeS = (to.getTime() - from.getTime()) / 1_000;
  const isLong = (partitions * rangeS) / MINUTE_S > MOST_MINUTES;
  const perPoint = Math.max(rangeS / points, isLong ? HOUR_S : 0);
  return WIDTHS.find((width) => width >= perPoint) ?? LONGEST_S * Math.ceil(perPoint / LONGEST_S);
}
