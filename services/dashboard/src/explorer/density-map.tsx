import { useEffect, useMemo, useRef } from 'preact/hooks';

import { Sized } from '../charts/sized.tsx';
import type { EventValues } from '../client/model-program.ts';
import { theme } from '../state/theme.ts';
import { useStore } from '../state/store.ts';
import { type Axis, axisTicks, shareOf, valueAlong } from './axis.ts';
import type { Box } from './box.ts';
import { contour } from './contour.ts';
import type { Grid } from './grid.ts';
import { MapPoint } from './map-point.tsx';
import { type Dot, drawMap } from './draw-map.ts';
import { type Shade, strengths } from './shades.ts';
import { valueText } from './value-text.ts';

const [LEFT, RIGHT, TOP, FOOT] = [58, 10, 10, 44];
const [LEAST_HEIGHT, MOST_HEIGHT, RATIO] = [300, 540, 0.72];

interface Props {
  readonly x: Axis;
  readonly y: Axis;
  readonly grid: Grid | null;
  readonly shade: Shade;
  /** Surprise from which on there is an alarm; null if it is not known. */
  readonly thresholdBits: number | null;
  readonly dots: readonly EventValues[];
  readonly values: EventValues;
  /** State of the point in words. */
  readonly words: string;
  readonly bits: number;
  readonly onMove: (values: EventValues) => void;
}

/** Density, or surprise, over two features as colours, with events as dots, and the point. */
export function DensityMap(props: Props) {
  return <Sized height={LEAST_HEIGHT}>{(width) => <Drawn {...props} width={width} />}</Sized>;
}

/** Place of a pointer over the map. */
type Pointed = Pick<MouseEvent, 'clientX' | 'clientY'> & { readonly currentTarget: Element };

function Drawn({ width, ...props }: Props & { readonly width: number }) {
  const { x, y, grid, shade, thresholdBits, dots, values } = props;
  const height = Math.round(Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, RATIO * width)));
  const box: Box = { left: LEFT, top: TOP, width: width - LEFT - RIGHT, height: height - TOP - FOOT };
  const label = `${shade === 'density' ? 'Density' : 'Surprise'} over ${x.feature.name} and ${y.feature.name}`;
  const isHeld = useRef(false);
  const moveTo = ({ clientX, clientY, currentTarget }: Pointed): void => {
    const frame = currentTarget.getBoundingClientRect();
    const within = (share: number): number => Math.min(1, Math.max(0, share));
    props.onMove({
      ...values,
      [x.feature.name]: valueAlong(x, within((clientX - frame.left - box.left) / box.width)),
      [y.feature.name]: valueAlong(y, 1 - within((clientY - frame.top - box.top) / box.height)),
    });
  };
  return (
    <div class="density-map" style={{ height: `${height}px` }}>
      <MapCanvas {...{ grid, shade, dots, values, x, y, box }} />
      <svg
        class="svg-chart"
        width={width}
        height={height}
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label={label}
        onClick={moveTo}
        onPointerDown={(event) => {
          // A finger on the map scrolls the page, unless it is on the point.
          const isOnPoint = event.target instanceof Element && event.target.closest('.map-point') !== null;
          if (event.pointerType !== 'mouse' && !isOnPoint) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          isHeld.current = true;
        }}
        onPointerMove={(event) => {
          if (isHeld.current) moveTo(event);
        }}
        onPointerUp={() => (isHeld.current = false)}
        onPointerCancel={() => (isHeld.current = false)}
      >
        <rect
          x={box.left}
          y={box.top}
          width={box.width}
          height={box.height}
          fill="none"
          stroke="var(--line-strong)"
          pointer-events="none"
        />
        <Frame x={x} y={y} box={box} height={height} />
        {grid !== null && thresholdBits !== null && (
          <Threshold grid={grid} bits={thresholdBits} shade={shade} box={box} />
        )}
        <MapPoint {...props} box={box} />
      </svg>
    </div>
  );
}

/** Strengths of the dots of events with the levels of the point, and of the others. */
const [ALIKE, OTHER] = [0.6, 0.16];

function MapCanvas({
  grid,
  shade,
  dots,
  values,
  x,
  y,
  box,
}: Pick<Props, 'grid' | 'shade' | 'dots' | 'values' | 'x' | 'y'> & { readonly box: Box }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useStore(theme);
  const levels = JSON.stringify(Object.entries(values).filter(([, value]) => typeof value === 'string'));
  const placed = useMemo(() => {
    const placeOf = (event: EventValues, axis: Axis): number => {
      const value = event[axis.feature.name];
      return typeof value === 'number' ? shareOf(axis, value) : NaN;
    };
    const isAlike = (event: EventValues): boolean =>
      Object.entries(values).every(([name, value]) => typeof value !== 'string' || event[name] === value);
    return dots.map((event): Dot => [placeOf(event, x), placeOf(event, y), isAlike(event) ? ALIKE : OTHER]);
  }, [dots, x, y, levels]);
  useEffect(() => {
    if (canvas.current === null) return;
    drawMap(canvas.current, { grid, strength: grid && strengths(grid, shade), dots: placed, box });
  }, [grid, shade, placed, box.width, box.height, colours]);
  return (
    <canvas
      ref={canvas}
      class={shade === 'density' ? 'map-canvas' : 'map-canvas map-canvas-surprise'}
      style={{ left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` }}
      aria-hidden="true"
    />
  );
}

function Frame({ x, y, box, height }: Pick<Props, 'x' | 'y'> & { readonly box: Box; readonly height: number }) {
  return (
    <g aria-hidden="true" pointer-events="none">
      {axisTicks(x).map(({ value, share }) => (
        <g key={value} transform={`translate(${box.left + share * box.width} ${box.top + box.height})`}>
          <line y2="4" stroke="var(--line-strong)" />
          <text y="17" text-anchor="middle">
            {valueText(x.feature, value)}
          </text>
        </g>
      ))}
      {axisTicks(y).map(({ value, share }) => (
        <g key={value} transform={`translate(${box.left} ${box.top + (1 - share) * box.height})`}>
          <line x2="-4" stroke="var(--line-strong)" />
          <text x="-7" y="4" text-anchor="end">
            {valueText(y.feature, value)}
          </text>
        </g>
      ))}
      <text class="axis-name" x={box.left + box.width / 2} y={height - 6} text-anchor="middle">
        {x.feature.name}
      </text>
      <text class="axis-name" transform={`translate(12 ${box.top + box.height / 2}) rotate(-90)`} text-anchor="middle">
        {y.feature.name}
      </text>
    </g>
  );
}

function Threshold({
  grid,
  bits,
  shade,
  box,
}: {
  readonly grid: Grid;
  readonly bits: number;
  readonly shade: Shade;
  readonly box: Box;
}) {
  const path = useMemo(() => {
    const { columns, rows } = grid;
    const at = ([column, row]: readonly [number, number]): string => {
      const px = box.left + ((column + 0.5) / columns) * box.width;
      const py = box.top + (1 - (row + 0.5) / rows) * box.height;
      return `${px.toFixed(1)} ${py.toFixed(1)}`;
    };
    return contour(grid.bits, grid, bits)
      .map(([from, to]) => `M${at(from)}L${at(to)}`)
      .join('');
  }, [grid, bits, box.width, box.height]);
  const colour = shade === 'density' ? 'var(--series-2)' : 'var(--text)';
  return <path d={path} fill="none" stroke={colour} stroke-width="1.8" stroke-linecap="round" pointer-events="none" />;
}
