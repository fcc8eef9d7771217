import { formatValue } from '../format/numbers.ts';
import { Sized } from './sized.tsx';
import { ticks } from './ticks.ts';

/** Line of a chart. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  /** True for a line that is filled down to the axis. */
  readonly filled?: boolean;
}

/** Vertical mark of a chart. */
export interface VerticalMark {
  readonly x: number;
  readonly name: string;
  readonly colour: string;
}

/** Range across a chart. */
export interface VerticalBand {
  readonly low: number;
  readonly high: number;
}

interface Props {
  readonly lines: readonly Line[];
  readonly label: string;
  readonly xName: string;
  readonly height?: number;
  readonly marks?: readonly VerticalMark[];
  readonly bands?: readonly VerticalBand[];
  /** Bounds of y; by default those of the data. */
  readonly yRange?: readonly [number, number];
  readonly formatX?: (value: number) => string;
  readonly formatY?: (value: number) => string;
}

const [LEFT, RIGHT, TOP, FOOT] = [46, 22, 18, 32];

/** Chart of lines, with marks and ranges. */
export function Lines({ height = 200, ...props }: Props) {
  return <Sized height={height}>{(width) => <Drawn {...props} height={height} width={width} />}</Sized>;
}

function Drawn({
  lines,
  label,
  xName,
  width,
  height,
  marks = [],
  bands = [],
  yRange,
  formatX = formatValue,
  formatY = formatValue,
}: Props & { readonly width: number; readonly height: number }) {
  const all = lines.flatMap(({ points }) => points);
  const [x0, x1] = extent([...all.map(([x]) => x), ...marks.map(({ x }) => x)]);
  const [y0, y1] = yRange ?? extent(all.map(([, y]) => y));
  const x = (value: number): number => LEFT + ((value - x0) / (x1 - x0 || 1)) * (width - LEFT - RIGHT);
  const y = (value: number): number => height - FOOT - ((value - y0) / (y1 - y0 || 1)) * (height - FOOT - TOP);
  const path = (points: Line['points']): string =>
    points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${x(px).toFixed(1)} ${y(py).toFixed(1)}`).join('');
  const area = ({ points }: Line): string => {
    const [first, last] = [points.at(0), points.at(-1)];
    return first === undefined || last === undefined
      ? ''
      : `${path(points)}L${x(last[0]).toFixed(1)} ${y(y0).toFixed(1)}L${x(first[0]).toFixed(1)} ${y(y0).toFixed(1)}Z`;
  };
  return (
    <svg
      class="svg-chart"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {bands.map(({ low, high }) => (
        <rect
          key={low}
          x={x(low)}
          width={Math.max(1, x(high) - x(low))}
          y={TOP}
          height={height - FOOT - TOP}
          fill="var(--band)"
        />
      ))}
      {ticks(y0, y1).map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={width - RIGHT} y1={y(value)} y2={y(value)} stroke="var(--line)" />
          <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
            {formatY(value)}
          </text>
        </g>
      ))}
      {ticks(x0, x1).map((value) => (
        <text key={value} x={x(value)} y={height - FOOT + 15} text-anchor="middle">
          {formatX(value)}
        </text>
      ))}
      <text x={width - RIGHT} y={height - 2} text-anchor="end">
        {xName}
      </text>
      {lines.map((line) => (
        <g key={line.name}>
          {line.filled === true && <path d={area(line)} fill={line.colour} opacity="0.16" />}
          <path d={path(line.points)} fill="none" stroke={line.colour} stroke-width="2" stroke-linejoin="round" />
        </g>
      ))}
      {marks.map(({ x: at, name, colour }) => (
        <g key={name}>
          <line x1={x(at)} x2={x(at)} y1={TOP} y2={height - FOOT} stroke={colour} stroke-width="1.5" />
          <text
            x={Math.min(width - RIGHT, Math.max(LEFT, x(at)))}
            y={TOP - 5}
            text-anchor={x(at) > width * 0.7 ? 'end' : 'start'}
          >
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}

const extent = (values: readonly number[]): readonly [number, number] =>
  values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
