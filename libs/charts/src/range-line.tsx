/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear, type ScaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';

import { at } from './at.ts';
import { extentOf } from './extent.ts';
import { formatValue } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Values of an interval: their median, and the range of most of them. */
export interface RangePoint {
  readonly x: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
  /** Text that is shown above it on hover. */
  readonly title: string;
}

/** Value that stands out. */
export interface OddPoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** Values over time beside the range that is expected of them. */
export interface RangeLineProps extends ChartProps {
  /** In order of x; an interval without values is left out, and breaks the line. */
  readonly points: readonly RangePoint[];
  /** Length of an interval. */
  readonly step: number;
  readonly domain: readonly [number, number];
  readonly expected?: { readonly low: number; readonly high: number } | null;
  /** Values that stand out; one beyond the axis is an arrow at its end. */
  readonly odd?: readonly OddPoint[];
  readonly formatX: (x: number) => string;
}

interface Scales {
  readonly x: ScaleLinear<number, number>;
  readonly y: ScaleLinear<number, number>;
}

const [LEFT, RIGHT, TOP, FOOT] = [46, 4, 6, 18];
/** Share of the intervals whose ranges may end beyond the axis, on either side. */
const FAR_OUT = 0.1;
/** Part of the range of the values that is left free above and below. */
const MARGIN = 0.12;

/** Median and range of values over time, over the band that is expected of them. */
export function RangeLine(props: RangeLineProps) {
  const { points, step, domain, expected = null, odd = [], formatX, width = 340, height = 118 } = props;
  const [least, most] = usualExtent(points, expected);
  const margin = MARGIN * (most - least);
  const x = scaleLinear()
    .domain(domain)
    .range([LEFT, width - RIGHT])
    .clamp(true);
  const y = scaleLinear()
    .domain([least - margin, most + margin])
    .range([height - FOOT, TOP])
    .clamp(true);
  return (
    <Plot {...props} width={width} height={height}>
      {expected !== null && (
        <g>
          <rect
            class="chart-band"
            x={LEFT}
            width={width - LEFT - RIGHT}
            y={y(expected.high)}
            height={Math.max(1, y(expected.low) - y(expected.high))}
          />
          {[expected.low, expected.high].map((end) => (
            <line key={end} class="chart-edge" x1={LEFT} x2={width - RIGHT} y1={y(end)} y2={y(end)} />
          ))}
        </g>
      )}
      {y.ticks(3).map((tick) => (
        <g key={tick}>
          <line class="chart-grid" x1={LEFT} x2={width - RIGHT} y1={y(tick)} y2={y(tick)} />
          <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {formatValue(tick)}
          </text>
        </g>
      ))}
      <Values points={points} step={step} x={x} y={y} />
      {odd.map((point, i) => (
        <Odd key={i} point={point} x={x} y={y} />
      ))}
      {domain.map((end, i) => (
        <text key={i} x={x(end)} y={height - 4} text-anchor={i === 0 ? 'start' : 'end'}>
          {formatX(end)}
        </text>
      ))}
    </Plot>
  );
}

/**
 * Extent of the expected range, of all medians, and of most ranges: a few values far out would
 * leave no room for the others.
 */
function usualExtent(points: readonly RangePoint[], expected: RangeLineProps['expected']): readonly [number, number] {
  const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
  const [lows, highs] = [sorted(points.map(({ low }) => low)), sorted(points.map(({ high }) => high))];
  const few = Math.floor(FAR_OUT * points.length);
  return extentOf(
    points.map(({ median }) => median),
    points.length === 0 ? null : [at(lows, few), at(highs, highs.length - 1 - few)],
    expected == null ? null : [expected.low, expected.high],
  );
}

/** Lines of the median and of the range, and places that show numbers on hover. */
function Values({ points, step, x, y }: Scales & { readonly points: readonly RangePoint[]; readonly step: number }) {
  const gapped = points.flatMap((point, i): readonly (RangePoint | null)[] => {
    const before = points.at(i - 1);
    return i > 0 && before !== undefined && point.x - before.x > 1.5 * step ? [null, point] : [point];
  });
  const middle = (point: RangePoint | null): number => (point === null ? NaN : x(point.x + step / 2));
  const isThere = (point: RangePoint | null): point is RangePoint => point !== null;
  const shape = area<RangePoint | null>()
    .defined(isThere)
    .x(middle)
    .y0((point) => y(point?.low ?? NaN))
    .y1((point) => y(point?.high ?? NaN));
  const path = line<RangePoint | null>()
    .defined(isThere)
    .x(middle)
    .y((point) => y(point?.median ?? NaN));
  const [bottom = 0, top = 0] = y.range();
  return (
    <>
      <path class="chart-spread" d={shape(gapped) ?? ''} />
      <path class="chart-line stroke-1" d={path(gapped) ?? ''} />
      {points.map((point) => (
        <rect
          key={point.x}
          class="chart-hover"
          x={x(point.x)}
          width={Math.max(1, x(point.x + step) - x(point.x))}
          y={top}
          height={bottom - top}
        >
          <title>{point.title}</title>
        </rect>
      ))}
    </>
  );
}

/** Value that stands out: a disc, or an arrow at the end of an axis that does not reach it. */
function Odd({ point, x, y }: Scales & { readonly point: OddPoint }) {
  const [low = -Infinity, high = Infinity] = y.domain();
  const [bottom = 0, top = 0] = y.range();
  const left = x(point.x);
  const arrow = (tip: number, down: number): string => `M${left} ${tip}l4.5 ${down}h-9z`;
  return (
    <g class="chart-outside">
      <title>{point.title}</title>
      {point.y > high && <path d={arrow(top - 3, 8)} />}
      {point.y < low && <path d={arrow(bottom + 3, -8)} />}
      {point.y >= low && point.y <= high && <circle cx={left} cy={y(point.y)} r="3.5" />}
    </g>
  );
}
