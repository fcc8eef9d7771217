/** @jsxRuntime automatic @jsxImportSource preact */
import { at } from './at.ts';
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { area, curveLinear, curveStepAfter, line } from 'd3-shape';

import { extentOf } from './extent.ts';
import { Axes, type AxesProps, type ChartProps, MARGIN, Plot } from './plot.tsx';

/** Point of a curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Curve with its name. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Colour by a variable of the theme; by default that of its place, with dashes of its own. */
  readonly colour?: string;
  /** True for a curve that is filled down to the axis. */
  readonly isFilled?: boolean;
  /** True for a curve whose points are drawn. */
  readonly hasDots?: boolean;
}

/** Place on the x axis with its name. */
export interface Mark {
  readonly x: number;
  readonly name: string;
  /** Colour by a variable of the theme; by default a dashed line in grey. */
  readonly colour?: string;
}

/** Curves over one axis. */
export interface CurvesProps extends ChartProps {
  readonly series: readonly Series[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** True for values that hold until the next one. */
  readonly isStep?: boolean;
  readonly marks?: readonly Mark[];
  /** Ranges of x. */
  readonly bands?: readonly { readonly low: number; readonly high: number }[];
  /** Range of y by x, such as that of chance. */
  readonly envelope?: readonly { readonly x: number; readonly low: number; readonly high: number }[];
  readonly domain?: { readonly x?: readonly [number, number]; readonly y?: readonly [number, number] };
  /** Draws the diagonal of equal values. */
  readonly hasDiagonal?: boolean;
  /** False where the series are named elsewhere, or only one has a name to show. */
  readonly hasLegend?: boolean;
  readonly format?: AxesProps['format'];
  readonly ticks?: AxesProps['ticks'];
}

interface Scales {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

/** Number of strokes that a theme tells apart, by colour and by dashes. */
const STROKES = 4;

/** Lines or steps over one axis, each named, with marks. A point that is not finite is a gap. */
export function Curves(props: CurvesProps) {
  const { series, xLabel, yLabel, width = 520, height = 240 } = props;
  const {
    isStep = false,
    marks = [],
    hasLegend = series.length > 1,
    hasDiagonal = false,
    format = {},
    ticks = {},
  } = props;
  const scales = scalesOf({ ...props, width, height });
  const { x, y } = scales;
  const path = line<Point>()
    .defined((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
    .x((point) => x(point.x))
    .y((point) => y(point.y))
    .curve(isStep ? curveStepAfter : curveLinear);
  return (
    <figure class="chart-figure">
      <Plot {...props} width={width} height={height}>
        <Ranges {...props} {...scales} height={height} />
        <Axes {...{ width, height, x, y, xLabel, yLabel, format, ticks }} />
        {hasDiagonal && <path class="chart-reference" d={path(diagonalOf(scales)) ?? ''} />}
        {marks.map((mark) => (
          <MarkLine key={mark.name} mark={mark} x={x(mark.x)} width={width} height={height} />
        ))}
        {series.map(({ name, points, colour, isFilled = false, hasDots = points.length === 1 }, i) => (
          <g key={name}>
            {isFilled && <path class="chart-filled" d={filled(points, scales)} fill={colour ?? 'var(--series-1)'} />}
            <path {...strokeOf(i, colour)} d={path([...points]) ?? ''} />
            {hasDots &&
              points.map((point, place) => (
                <circle key={place} {...dotOf(colour)} cx={x(point.x)} cy={y(point.y)} r="3" />
              ))}
          </g>
        ))}
      </Plot>
      {hasLegend && <Legend series={series} />}
    </figure>
  );
}

function scalesOf(props: CurvesProps & { readonly width: number; readonly height: number }): Scales {
  const { series, marks = [], envelope = [], domain = {}, width, height } = props;
  const points = series.flatMap((each) => each.points);
  const xs = [points, marks, envelope].map((each) => each.map(({ x }) => x));
  const ys = [points.map(({ y }) => y), envelope.flatMap(({ low, high }) => [low, high])];
  return {
    x: scaleLinear()
      .domain(domain.x ?? extentOf(...xs))
      .range([MARGIN.left, width - MARGIN.right]),
    y: scaleLinear()
      .domain(domain.y ?? extentOf(...ys))
      .range([height - MARGIN.bottom, MARGIN.top]),
  };
}

/** Ends of the line of equal values within both scales; none if they share no value. */
function diagonalOf({ x, y }: Scales): Point[] {
  const [from, to] = [Math.max(at(x.domain(), 0), at(y.domain(), 0)), Math.min(at(x.domain(), 1), at(y.domain(), 1))];
  return from < to ? [from, to].map((value) => ({ x: value, y: value })) : [];
}

const strokeOf = (place: number, colour: string | undefined) =>
  colour === undefined
    ? { class: `chart-line stroke-${(place % STROKES) + 1}` }
    : { class: 'chart-line', stroke: colour };

const dotOf = (colour: string | undefined) => (colour === undefined ? { class: 'chart-dot' } : { fill: colour });

function filled(points: readonly Point[], { x, y }: Scales): string {
  const shape = area<Point>()
    .defined((point) => Number.isFinite(point.x) && Number.isFinite(point.y))
    .x((point) => x(point.x))
    .y0(at(y.range(), 0))
    .y1((point) => y(point.y));
  return shape([...points]) ?? '';
}

/** Ranges of x from top to bottom, and the range of y by x. */
function Ranges({ bands = [], envelope = [], x, y, height }: CurvesProps & Scales & { readonly height: number }) {
  const shape = area<{ readonly x: number; readonly low: number; readonly high: number }>()
    .x((point) => x(point.x))
    .y0((point) => y(point.low))
    .y1((point) => y(point.high));
  return (
    <g class="chart-band">
      {bands.map(({ low, high }) => (
        <rect
          key={low}
          x={x(low)}
          width={Math.max(1, x(high) - x(low))}
          y={MARGIN.top}
          height={height - MARGIN.bottom - MARGIN.top}
        />
      ))}
      {envelope.length > 0 && <path d={shape([...envelope]) ?? ''} />}
    </g>
  );
}

function MarkLine({
  mark: { name, colour },
  x,
  width,
  height,
}: {
  readonly mark: Mark;
  readonly x: number;
  readonly width: number;
  readonly height: number;
}) {
  const isRight = x > width / 2;
  const stroke = colour === undefined ? { class: 'chart-mark' } : { class: 'chart-mark-plain', stroke: colour };
  return (
    <g>
      <line {...stroke} x1={x} x2={x} y1={MARGIN.top} y2={height - MARGIN.bottom} />
      <text x={x + (isRight ? -5 : 5)} y={MARGIN.top + 9} text-anchor={isRight ? 'end' : 'start'}>
        {name}
      </text>
    </g>
  );
}

/** Names of curves beside their strokes. */
function Legend({ series }: { readonly series: readonly Series[] }) {
  return (
    <figcaption class="chart-legend">
      {series.map(({ name, colour }, i) => (
        <span key={name}>
          <svg viewBox="0 0 22 8" aria-hidden="true">
            <path {...strokeOf(i, colour)} d="M0 4H22" />
          </svg>
          {name}
        </span>
      ))}
    </figcaption>
  );
}
