/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';
import { area } from 'd3-shape';

import type { Point } from './curves.tsx';
import { extentOf } from './extent.ts';
import { formatValue } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Density of a value, ascending in x, and the value observed. */
export interface DensityProps extends ChartProps {
  readonly points: readonly Point[];
  readonly observed?: number;
  readonly format?: (value: number) => string;
}

const EDGE = 8;

/** Area under a density, with the observed value as a line. */
export function Density(props: DensityProps) {
  const { points, observed, format = formatValue, width = 320, height = 90 } = props;
  const xs = extentOf(
    points.map((point) => point.x),
    observed === undefined ? null : [observed],
  );
  const x = scaleLinear()
    .domain(xs)
    .range([EDGE, width - EDGE]);
  const most = Math.max(1e-300, ...points.map((point) => point.y));
  const y = scaleLinear()
    .domain([0, most])
    .range([height - 20, 6]);
  const path = area<Point>()
    .x((point) => x(point.x))
    .y0(y(0))
    .y1((point) => y(point.y));
  return (
    <Plot {...props} width={width} height={height}>
      <path class="chart-area" d={path([...points]) ?? ''} />
      {observed !== undefined && (
        <line class="chart-observed" x1={x(observed)} x2={x(observed)} y1="4" y2={height - 20} />
      )}
      {xs.map((value, i) => (
        <text key={i} x={x(value)} y={height - 5} text-anchor={i === 0 ? 'start' : 'end'}>
          {format(value)}
        </text>
      ))}
    </Plot>
  );
}
