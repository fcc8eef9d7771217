/** @jsxRuntime automatic @jsxImportSource preact */
import type { ScaleLinear } from 'd3-scale';
import type { ComponentChildren } from 'preact';

import { formatValue } from './format.ts';

/** Text and size that every chart has. */
export interface ChartProps {
  /** Name of the chart, which a screen reader says. */
  readonly title: string;
  /** Content of the chart in a sentence, with its main numbers. */
  readonly description?: string;
  /** Size in the units of the SVG, which scales with the page. */
  readonly width?: number;
  readonly height?: number;
}

/** Image of a chart: an SVG with a name and a description. */
export function Plot(
  props: ChartProps & { readonly width: number; readonly height: number; readonly children: ComponentChildren },
) {
  const { title, description, width, height, children } = props;
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={description === undefined ? title : `${title}: ${description}`}
    >
      <title>{title}</title>
      {description !== undefined && <desc>{description}</desc>}
      {children}
    </svg>
  );
}

/** Margins of a plot with axes. */
export const MARGIN = { left: 52, right: 14, top: 12, bottom: 36 } as const;

/** Axes of a plot. */
export interface AxesProps {
  readonly width: number;
  readonly height: number;
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly format?: { readonly x?: (value: number) => string; readonly y?: (value: number) => string };
  /** Places of the numbers; by default whole steps of the scales. */
  readonly ticks?: { readonly x?: readonly number[]; readonly y?: readonly number[] };
}

/** Axes with direct labels: numbers and light lines across, names at the ends. */
export function Axes({ width, height, x, y, xLabel, yLabel, format = {}, ticks = {} }: AxesProps) {
  const { x: xText = formatValue, y: yText = formatValue } = format;
  const bottom = height - MARGIN.bottom;
  return (
    <g>
      {(ticks.y ?? y.ticks(4)).map((tick) => (
        <g key={tick}>
          <line class="chart-grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text x={MARGIN.left - 7} y={y(tick) + 4} text-anchor="end">
            {yText(tick)}
          </text>
        </g>
      ))}
      {(ticks.x ?? x.ticks(5)).map((tick) => (
        <text key={tick} x={x(tick)} y={bottom + 15} text-anchor="middle">
          {xText(tick)}
        </text>
      ))}
      <text class="chart-label" x={width - MARGIN.right} y={height - 5} text-anchor="end">
        {xLabel}
      </text>
      <text class="chart-label" x={MARGIN.left - 45} y={height - 5}>
        {yLabel === '' ? '' : `↑ ${yLabel}`}
      </text>
    </g>
  );
}
