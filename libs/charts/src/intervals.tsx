/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { extentOf } from './extent.ts';
import { formatValue } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Value of a feature, and the ranges expected of it. */
export interface IntervalProps extends ChartProps {
  /** Null for a missing value. */
  readonly observed: number | null;
  readonly median: number | null;
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
  /** Formats a number in the unit of the feature. */
  readonly format?: (value: number) => string;
}

const EDGE = 10;

/**
 * Value beside the ranges expected of it, on a scale of its own. A value inside is a disc, one
 * outside a diamond, so that the difference needs no colour.
 */
export function Interval(props: IntervalProps) {
  const { title, observed, median, ranges, format = formatValue, width = 320, height = 30 } = props;
  const numbers = [
    ...ranges.flatMap(({ low, high }) => [low, high]),
    ...[observed, median].filter((value) => value !== null),
  ];
  const x = scaleLinear()
    .domain(extentOf(numbers))
    .range([EDGE, width - EDGE]);
  const middle = height / 2;
  const isInside = observed !== null && ranges.some(({ low, high }) => observed >= low && observed <= high);
  const expected = ranges.map(({ low, high }) => `${format(low)} to ${format(high)}`).join(', or ');
  const description = `${observed === null ? 'missing' : format(observed)}, expected ${expected}; ${isInside ? 'inside' : 'outside'}`;
  return (
    <Plot title={title} description={description} width={width} height={height}>
      <line class="chart-axis" x1={EDGE} x2={width - EDGE} y1={middle} y2={middle} />
      {ranges.map(({ low, high }) => (
        <rect
          key={low}
          class="chart-range"
          x={x(low)}
          width={Math.max(3, x(high) - x(low))}
          y={middle - 7}
          height="14"
          rx="3"
        />
      ))}
      {median !== null && <line class="chart-median" x1={x(median)} x2={x(median)} y1={middle - 7} y2={middle + 7} />}
      {observed !== null && isInside && <circle class="chart-inside" cx={x(observed)} cy={middle} r="5" />}
      {observed !== null && !isInside && (
        <path class="chart-outside" d={`M${x(observed)} ${middle - 8}l8 8l-8 8l-8 -8z`} />
      )}
    </Plot>
  );
}
