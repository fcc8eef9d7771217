import { formatValue, type OddPoint, RangeLine } from '@flowline/charts';

import { formatDay, formatTime } from '../format/times.ts';
import { Sized } from './sized.tsx';

/** Values of a feature over time, as the API has them. */
export interface FeatureValues {
  readonly feature: string;
  readonly expected: { readonly p05: number; readonly p95: number } | null;
  readonly cells: readonly {
    readonly at: string;
    readonly events: number;
    readonly values: { readonly p05: number; readonly median: number; readonly p95: number } | null;
  }[];
}

const HEIGHT = 118;
const DAY_MS = 86_400_000;

/** Values of a feature over time, over the band that the model expects, with anomalies. */
export function FeatureLine({
  of: { feature, expected, cells },
  seconds,
  range: [from, to],
  odd,
}: {
  readonly of: FeatureValues;
  readonly seconds: number;
  readonly range: readonly [Date, Date];
  readonly odd: readonly OddPoint[];
}) {
  const points = cells.flatMap(({ at, events, values }) => {
    if (values === null) return [];
    const { p05, median, p95 } = values;
    const title = `${formatTime(new Date(at))}: median ${formatValue(median)}, 90 % ${formatValue(p05)} to ${formatValue(p95)} (${events} events)`;
    return [{ x: new Date(at).getTime(), low: p05, median, high: p95, title }];
  });
  const isShort = to.getTime() - from.getTime() < 2 * DAY_MS;
  const formatX = (ms: number): string => (isShort ? formatTime(new Date(ms)).slice(5, 16) : formatDay(new Date(ms)));
  return (
    <Sized height={HEIGHT}>
      {(width) => (
        <RangeLine
          title={`${feature} over time`}
          {...{ points, odd, width, height: HEIGHT, formatX }}
          step={1_000 * seconds}
          domain={[from.getTime(), to.getTime()]}
          expected={expected === null ? null : { low: expected.p05, high: expected.p95 }}
        />
      )}
    </Sized>
  );
}
