/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { at } from './at.ts';
import { formatPercent, formatValue } from './format.ts';
import { Axes, type ChartProps, MARGIN, Plot } from './plot.tsx';

/** Histogram: edges, one more than bars, and shares. */
export interface HistogramProps extends ChartProps {
  readonly edges: readonly number[];
  /** Share of the rows in each bar. */
  readonly shares: readonly number[];
  /** Shares to compare with, drawn as a step line. */
  readonly compared?: { readonly name: string; readonly shares: readonly number[] };
  /** Range in which a share is expected. */
  readonly band?: { readonly low: number; readonly high: number };
  /** Share that is expected of every bar, drawn as a line. */
  readonly reference?: number;
  readonly xLabel: string;
}

/** Bars of shares, with a line to compare with and a band of what is expected. */
export function Histogram(props: HistogramProps) {
  const { edges, shares, compared, band, reference, xLabel, width = 360, height = 190 } = props;
  const most = Math.max(1e-9, ...shares, ...(compared?.shares ?? []), band?.high ?? 0, reference ?? 0) * 1.05;
  const x = scaleLinear()
    .domain([at(edges, 0), at(edges, edges.length - 1)])
    .range([MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear()
    .domain([0, most])
    .range([height - MARGIN.bottom, MARGIN.top]);
  const steps = (compared?.shares ?? []).map(
    (share, i) => `${i === 0 ? 'M' : 'L'}${x(at(edges, i))} ${y(share)}H${x(at(edges, i + 1))}`,
  );
  return (
    <Plot {...props} width={width} height={height}>
      <Axes {...{ width, height, x, y, xLabel, yLabel: 'share' }} format={{ y: formatPercent }} />
      {band !== undefined && (
        <rect
          class="chart-band"
          x={MARGIN.left}
          width={width - MARGIN.left - MARGIN.right}
          y={y(band.high)}
          height={Math.max(1, y(band.low) - y(band.high))}
        />
      )}
      {shares.map((share, i) => (
        <rect
          key={i}
          class="chart-bar"
          x={x(at(edges, i)) + 0.5}
          width={Math.max(0.5, x(at(edges, i + 1)) - x(at(edges, i)) - 1)}
          y={y(share)}
          height={y(0) - y(share)}
        >
          <title>{`${formatValue(at(edges, i))} to ${formatValue(at(edges, i + 1))}: ${formatPercent(share)}`}</title>
        </rect>
      ))}
      {reference !== undefined && (
        <line class="chart-reference" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(reference)} y2={y(reference)} />
      )}
      {compared !== undefined && <path class="chart-line stroke-2" d={steps.join('')} />}
    </Plot>
  );
}
