/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { extentOf } from './extent.ts';
import { formatValue } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Estimate with its interval. */
export interface Estimate {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** True for the estimate that the chart is about. */
  readonly isAccent?: boolean;
}

/** Estimates on one scale, such as held-out nats of models. */
export interface DotsProps extends ChartProps {
  readonly estimates: readonly Estimate[];
  /** Place to compare with, such as a requested rate. */
  readonly reference?: { readonly value: number; readonly name: string };
  readonly format?: (value: number) => string;
}

/** Estimate on a scale that it shares with others, which stand above or below it. */
export interface EstimateLineProps extends ChartProps {
  readonly estimate: Omit<Estimate, 'name'>;
  readonly domain: readonly [number, number];
}

const EDGE = 8;

/** Dot with the interval of one estimate, without its name. */
export function EstimateLine(props: EstimateLineProps) {
  const { estimate, domain, width = 220, height = 20 } = props;
  const x = scaleLinear()
    .domain(extentOf(domain))
    .range([EDGE, width - EDGE]);
  const middle = height / 2;
  return (
    <Plot {...props} width={width} height={height}>
      <line class="chart-grid" x1={EDGE} x2={width - EDGE} y1={middle} y2={middle} />
      <line class="chart-error chart-accent" x1={x(estimate.low)} x2={x(estimate.high)} y1={middle} y2={middle} />
      <circle class="chart-dot chart-accent" cx={x(estimate.value)} cy={middle} r="4.5" />
    </Plot>
  );
}

const [NAMES, ROW] = [170, 30];

/** Dots with the intervals of estimates on one scale. */
export function Dots(props: DotsProps) {
  const { estimates, reference, format = formatValue, width = 520 } = props;
  const height = ROW * estimates.length + 34;
  const numbers = estimates.flatMap(({ value, low, high }) => [value, low, high]);
  const x = scaleLinear()
    .domain(extentOf(numbers, reference === undefined ? null : [reference.value]))
    .nice(4)
    .range([NAMES, width - 30]);
  return (
    <Plot {...props} width={width} height={height}>
      {x.ticks(4).map((tick) => (
        <g key={tick}>
          <line class="chart-grid" x1={x(tick)} x2={x(tick)} y1="0" y2={height - 30} />
          <text x={x(tick)} y={height - 14} text-anchor="middle">
            {format(tick)}
          </text>
        </g>
      ))}
      {reference !== undefined && (
        <line class="chart-mark" x1={x(reference.value)} x2={x(reference.value)} y1="0" y2={height - 30} />
      )}
      {estimates.map(({ name, value, low, high, isAccent = false }, i) => (
        <g key={name}>
          <text x={NAMES - 12} y={ROW * i + 20} text-anchor="end">
            {name}
          </text>
          <line class="chart-error" x1={x(low)} x2={x(high)} y1={ROW * i + 15} y2={ROW * i + 15} />
          <circle class={isAccent ? 'chart-dot chart-accent' : 'chart-dot'} cx={x(value)} cy={ROW * i + 15} r="5" />
        </g>
      ))}
    </Plot>
  );
}
