import { formatValue, Interval } from '@flowline/charts';

/** Range in which 90 % of the values of a feature lie, given the others. */
export interface Expected {
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  readonly ranges?: readonly { readonly low: number; readonly high: number }[];
}

/** Value of a feature beside the range expected of it, on a scale of its own. */
export function IntervalPlot({
  feature,
  observed,
  expected,
}: {
  readonly feature: string;
  readonly observed: number | null;
  readonly expected: Expected;
}) {
  return (
    <div class="interval">
      <Interval
        title={feature}
        observed={observed}
        median={expected.median}
        ranges={rangesOf(expected)}
        {...{ width: 240, height: 26 }}
      />
    </div>
  );
}

const rangesOf = ({ p05, p95, ranges }: Expected) => ranges ?? [{ low: p05, high: p95 }];

/** Ranges expected of a feature: `−12 to 48`. */
export function rangesText(expected: Expected): string {
  return rangesOf(expected)
    .map(({ low, high }) => `${formatValue(low)} to ${formatValue(high)}`)
    .join(', or ');
}
