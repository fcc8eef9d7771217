/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { formatValue } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';
import { shortened } from './shortened.ts';

/** Bar with its name. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** Half of an interval around the value. */
  readonly error?: number;
  /** True for the bar that the chart is about. */
  readonly isAccent?: boolean;
}

/** Bars of values from zero. */
export interface BarsProps extends ChartProps {
  readonly bars: readonly Bar[];
  /** End of the scale; by default the largest value. */
  readonly most?: number;
  readonly format?: (value: number) => string;
}

const ROW = 24;
const MOST_CHARACTERS = 26;
const NAMES = 180;
const NUMBERS = 60;

/** Horizontal bars from zero, with names, numbers and intervals. */
export function Bars(props: BarsProps) {
  const { bars, format = formatValue, width = 520 } = props;
  const most = props.most ?? Math.max(1e-9, ...bars.map(({ value, error = 0 }) => value + error));
  const x = scaleLinear()
    .domain([0, most])
    .range([NAMES, width - NUMBERS])
    .clamp(true);
  const height = ROW * bars.length + 4;
  return (
    <Plot {...props} width={width} height={height}>
      {bars.map(({ name, value, error, isAccent = false }, i) => (
        <g key={name}>
          <text x={NAMES - 8} y={i * ROW + 17} text-anchor="end" class={isAccent ? 'chart-strong' : undefined}>
            {shortened(name, MOST_CHARACTERS)}
          </text>
          <rect
            class={isAccent ? 'chart-bar chart-accent' : 'chart-bar'}
            x={NAMES}
            y={i * ROW + 6}
            width={Math.max(1, x(value) - NAMES)}
            height={ROW - 10}
            rx="2"
          />
          {error !== undefined && (
            <line class="chart-error" x1={x(value - error)} x2={x(value + error)} y1={i * ROW + 13} y2={i * ROW + 13} />
          )}
          <text x={width} y={i * ROW + 17} text-anchor="end" class={isAccent ? 'chart-strong' : undefined}>
            {format(value)}
          </text>
        </g>
      ))}
    </Plot>
  );
}
