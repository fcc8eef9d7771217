import type { GapCount } from '@flowline/db';
import { at } from '@flowline/events';

/** Gaps beyond which a quantile is not just the longest of them. */
export const ENOUGH_GAPS = 1_000;
const HOURS = 168;

/** Number of gaps by length. */
type Lengths = readonly (readonly [gapMs: number, gaps: number])[];

/**
 * The 99.9 % quantile of gaps by hour of the week, from Monday 00:00 on: of all that touch the
 * hour, from the event before to the event after. If these are fewer than {@link ENOUGH_GAPS}, it
 * is at least that of the gaps within the fewest hours around it that hold enough, or of all.
 */
export function weekOfGaps(counts: readonly GapCount[]): readonly number[] {
  const touching = lengthsByHour(counts);
  const begun = Array.from({ length: HOURS }, (): GapCount[] => []);
  for (const count of counts) at(begun, count.hour).push(count);
  const ending = begun.map(numbersByEnd);
  return touching.map((own, hour) => {
    const quantileMs = quantileOf(own);
    if (numberOf(own) >= ENOUGH_GAPS) return quantileMs;
    const reach = enoughAround(ending, hour);
    const near = reach === null ? counts : within(begun, hour, reach);
    return Math.max(quantileMs, quantileOf(near.map(({ gapMs, gaps }) => [gapMs, gaps])));
  });
}

/** Gaps by the hours of the week that they touch. */
function lengthsByHour(counts: readonly GapCount[]): readonly Lengths[] {
  const hours = Array.from({ length: HOURS }, () => new Map<number, number>());
  for (const { hour, hours: further, gapMs, gaps } of counts) {
    for (let i = 0; i <= Math.min(further, HOURS - 1); i++) {
      const lengths = at(hours, (hour + i) % HOURS);
      lengths.set(gapMs, (lengths.get(gapMs) ?? 0) + gaps);
    }
  }
  return hours.map((lengths) => [...lengths]);
}

/** Number of gaps that end at most so many hours after the one in which they begin. */
function numbersByEnd(begun: readonly GapCount[]): readonly number[] {
  const numbers = new Float64Array(HOURS);
  for (const { hours, gaps } of begun) if (hours < HOURS) numbers[hours] = at(numbers, hours) + gaps;
  let sum = 0;
  return Array.from(numbers, (gaps) => (sum += gaps));
}

/** Least number of hours before and after one within which enough gaps lie; null for none. */
function enoughAround(ending: readonly (readonly number[])[], hour: number): number | null {
  for (let reach = 1; 2 * reach + 1 < HOURS; reach++) {
    let gaps = 0;
    for (let i = -reach; i <= reach; i++) gaps += at(at(ending, (hour + i + HOURS) % HOURS), reach - i);
    if (gaps >= ENOUGH_GAPS) return reach;
  }
  return null;
}

/** Gaps that begin and end within some hours of one. */
function within(begun: readonly (readonly GapCount[])[], hour: number, reach: number): readonly GapCount[] {
  return Array.from({ length: 2 * reach + 1 }, (_, i) =>
    at(begun, (hour - reach + i + HOURS) % HOURS).filter(({ hours }) => hours <= 2 * reach - i),
  ).flat();
}

const numberOf = (lengths: Lengths): number => lengths.reduce((sum, [, gaps]) => sum + gaps, 0);

/** Least length that at least 99.9 % of the gaps do not exceed; 0 for none. */
function quantileOf(lengths: Lengths): number {
  const rank = Math.ceil((numberOf(lengths) * 999) / 1_000);
  let seen = 0;
  for (const [gapMs, gaps] of [...lengths].sort(([a], [b]) => a - b)) {
    seen += gaps;
    if (seen >= rank) return gapMs;
  }
  return 0;
}
