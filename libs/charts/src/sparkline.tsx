/** @jsxRuntime automatic @jsxImportSource preact */
import { at } from './at.ts';
import { scaleLinear } from 'd3-scale';
import { line } from 'd3-shape';

import { extentOf } from './extent.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Values in order, and the range in which they are expected. */
export interface SparklineProps extends ChartProps {
  readonly values: readonly number[];
  readonly expected?: { readonly low: number; readonly high: number };
}

/** Line the size of a word, over the band in which its values are expected. */
export function Sparkline(props: SparklineProps) {
  const { values, expected, width = 140, height = 30 } = props;
  const band = expected === undefined ? [] : [expected.low, expected.high];
  const x = scaleLinear()
    .domain([0, Math.max(1, values.length - 1)])
    .range([4, width - 4]);
  const y = scaleLinear()
    .domain(extentOf(values, band))
    .range([height - 4, 4]);
  const path = line<number>()
    .defined(Number.isFinite)
    .x((_, i) => x(i))
    .y(y);
  const last = values.findLastIndex(Number.isFinite);
  return (
    <Plot {...props} width={width} height={height}>
      {expected !== undefined && (
        <rect
          class="chart-band"
          x="0"
          width={width}
          y={y(expected.high)}
          height={Math.max(1, y(expected.low) - y(expected.high))}
        />
      )}
      <path class="chart-line stroke-1" d={path([...values]) ?? ''} />
      {last >= 0 && <circle class="chart-dot" cx={x(last)} cy={y(at(values, last))} r="2.5" />}
    </Plot>
  );
}
