/** @jsxRuntime automatic @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';

import { formatCount } from './format.ts';
import { type ChartProps, Plot } from './plot.tsx';

/** Count of an interval, such as a day, and the range in which chance lets it lie. */
export interface CountBar {
  readonly name: string;
  readonly count: number;
  readonly low: number;
  readonly high: number;
  /** Text that is shown above it on hover. */
  readonly title?: string;
}

/** Counts in order. */
export interface CountBarsProps extends ChartProps {
  readonly bars: readonly CountBar[];
  /** Places of the axis, of which the last ones are used (default: as many as there are bars). */
  readonly places?: number;
  /** True for bars the size of a word, without an axis. */
  readonly isSmall?: boolean;
}

const [LEFT, TOP, FOOT] = [32, 8, 18];

/** Counts as bars, each over the range in which chance lets it lie; those beyond it stand out. */
export function CountBars(props: CountBarsProps) {
  const { bars, places = bars.length, isSmall = false } = props;
  const { width = isSmall ? 168 : 520, height = isSmall ? 34 : 146 } = props;
  const most = Math.max(isSmall ? 1 : 3, ...bars.flatMap(({ count, high }) => [count, high]));
  const [left, top, bottom] = isSmall ? [0, 2, height - 1] : [LEFT, TOP, height - FOOT];
  const y = scaleLinear().domain([0, most]).range([bottom, top]);
  const step = (width - left) / Math.max(1, places);
  const gap = Math.min(2.5, step / 6);
  const first = left + (places - bars.length) * step;
  return (
    <Plot {...props} width={width} height={height}>
      {(isSmall ? [0] : [0, Math.floor(most)]).map((value) => (
        <g key={value}>
          <line class={value === 0 ? 'chart-axis' : 'chart-grid'} x1={left} x2={width} y1={y(value)} y2={y(value)} />
          {!isSmall && (
            <text x={left - 6} y={y(value) + 4} text-anchor="end">
              {formatCount(value)}
            </text>
          )}
        </g>
      ))}
      {bars.map(({ name, count, low, high, title }, i) => (
        <g key={name}>
          {title !== undefined && <title>{title}</title>}
          <rect class="chart-band" x={first + i * step} width={step} y={y(high)} height={y(low) - y(high)} />
          <rect
            class={count > high ? 'chart-count chart-beyond' : 'chart-count'}
            x={first + i * step + gap}
            width={step - 2 * gap}
            y={y(count)}
            height={bottom - y(count)}
            rx="1"
          />
        </g>
      ))}
      {!isSmall && <Ends names={[bars.at(0)?.name ?? '', bars.at(-1)?.name ?? '']} x={[left, width]} y={height - 3} />}
    </Plot>
  );
}

/** Names of the first and the last interval; one if they are the same. */
function Ends({
  names: [first, last],
  x: [left, right],
  y,
}: {
  readonly names: readonly [string, string];
  readonly x: readonly [number, number];
  readonly y: number;
}) {
  return (
    <>
      <text x={left} y={y}>
        {first}
      </text>
      {last !== first && (
        <text x={right} y={y} text-anchor="end">
          {last}
        </text>
      )}
    </>
  );
}
