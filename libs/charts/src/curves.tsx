/** @jsxRuntime automatic @jsxImportSource preact */
import { at } from './at.ts';
import { scaleLinear } from 'd3-scale';
import { curveLinear, curveStepAfter, line } from 'd3-shape';

import { extentOf } from './extent.ts';
import { Axes, type ChartProps, MARGIN, Plot } from './plot.tsx';

/** Point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Curve with its name. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** Curves over one axis. */
export interface CurvesProps extends ChartProps {
  readonly series: readonly Series[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** True for values that hold until the next one. */
  readonly isStep?: boolean;
  /** Places on the x axis with a name. */
  readonly marks?: readonly { readonly x: number; readonly name: string }[];
  readonly domain?: { readonly x?: readonly [number, number]; readonly y?: readonly [number, number] };
  /** Draws the diagonal of equal values. */
  readonly hasDiagonal?: boolean;
}

/** Number of strokes that a theme tells apart, by colour and by dashes. */
const STROKES = 4;

/** Lines or steps over one axis, each named, with marks. A point that is not finite is a gap. */
export function Curves(props: CurvesProps) {
  const {
    series,
    xLabel,
    yLabel,
    isStep = false,
    marks = [],
    domain = {},
    hasDiagonal = false,
    width = 520,
    height = 240,
  } = props;
  const points = series.flatMap((each) => each.points);
  const xs =
    domain.x ??
    extentOf(
      points.map(({ x }) => x),
      marks.map(({ x }) => x),
    );
  const x = scaleLinear()
    .domain(xs)
    .range([MARGIN.left, width - MARGIN.right]);
  const y = scaleLinear()
    .domain(domain.y ?? extentOf(points.map((point) => point.y)))
    .range([height - MARGIN.bottom, MARGIN.top]);
  const path = line<Point>()
    .defined((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
    .x((point) => x(point.x))
    .y((point) => y(point.y))
    .curve(isStep ? curveStepAfter : curveLinear);
  const ends = xs.map((value) => ({ x: value, y: value }));
  return (
    <figure class="chart-figure">
      <Plot {...props} width={width} height={height}>
        <Axes {...{ width, height, x, y, xLabel, yLabel }} />
        {hasDiagonal && <path class="chart-reference" d={path(ends) ?? ''} />}
        {marks.map((mark) => (
          <g key={mark.name}>
            <line class="chart-mark" x1={x(mark.x)} x2={x(mark.x)} y1={MARGIN.top} y2={height - MARGIN.bottom} />
            <text
              x={x(mark.x) + (x(mark.x) > width / 2 ? -5 : 5)}
              y={MARGIN.top + 9}
              text-anchor={x(mark.x) > width / 2 ? 'end' : 'start'}
            >
              {mark.name}
            </text>
          </g>
        ))}
        {series.map(({ name, points: own }, i) => (
          <g key={name}>
            <path class={`chart-line stroke-${(i % STROKES) + 1}`} d={path([...own]) ?? ''} />
            {own.length === 1 && <circle class="chart-dot" cx={x(at(own, 0).x)} cy={y(at(own, 0).y)} r="3" />}
          </g>
        ))}
      </Plot>
      {series.length > 1 && <Legend names={series.map(({ name }) => name)} />}
    </figure>
  );
}

/** Names of curves beside their strokes. */
function Legend({ names }: { readonly names: readonly string[] }) {
  return (
    <figcaption class="chart-legend">
      {names.map((name, i) => (
        <span key={name}>
          <svg viewBox="0 0 22 8" aria-hidden="true">
            <path class={`chart-line stroke-${(i % STROKES) + 1}`} d="M0 4H22" />
          </svg>
          {name}
        </span>
      ))}
    </figcaption>
  );
}
