import { formatValue } from '../format/numbers.ts';

/** Range in which 90 % of the values of a feature lie, given the others. */
export interface Expected {
  readonly median: number;
  readonly p05: number;
  readonly p95: number;
  readonly ranges?: readonly { readonly low: number; readonly high: number }[];
}

const [WIDTH, HEIGHT, EDGE] = [240, 26, 6];

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
  const { median, p05, p95, ranges = [{ low: p05, high: p95 }] } = expected;
  const all = [
    p05,
    p95,
    median,
    ...(observed === null ? [] : [observed]),
    ...ranges.flatMap(({ low, high }) => [low, high]),
  ];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const span = most - least || 1;
  const x = (value: number): number => EDGE + ((value - least) / span) * (WIDTH - 2 * EDGE);
  const isInside = observed !== null && ranges.some(({ low, high }) => observed >= low && observed <= high);
  const label = `${feature}: ${formatValue(observed)}, expected ${rangesText(expected)}`;
  const middle = HEIGHT / 2;
  return (
    <svg
      class="svg-chart"
      style={{ minWidth: '9rem' }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <line x1={EDGE} x2={WIDTH - EDGE} y1={middle} y2={middle} stroke="var(--line-strong)" />
      {ranges.map(({ low, high }) => (
        <rect
          key={low}
          x={x(low)}
          width={Math.max(3, x(high) - x(low))}
          y={middle - 6}
          height="12"
          rx="3"
          fill="var(--band)"
          stroke="var(--series-1)"
        />
      ))}
      <line x1={x(median)} x2={x(median)} y1={middle - 6} y2={middle + 6} stroke="var(--series-1)" stroke-width="2" />
      {observed !== null && (
        <circle
          cx={x(observed)}
          cy={middle}
          r="5"
          fill={isInside ? 'var(--text)' : 'var(--critical)'}
          stroke="var(--surface)"
          stroke-width="1.5"
        />
      )}
    </svg>
  );
}

/** Ranges expected of a feature: `−12 to 48`. */
export function rangesText({ p05, p95, ranges = [{ low: p05, high: p95 }] }: Expected): string {
  return ranges.map(({ low, high }) => `${formatValue(low)} to ${formatValue(high)}`).join(', or ');
}
