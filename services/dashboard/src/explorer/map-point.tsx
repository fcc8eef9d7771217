import type { EventValues } from '../client/model-program.ts';
import { type Axis, shareOf, valueAlong } from './axis.ts';
import type { Box } from './box.ts';

/** Steps of a key along an axis, as shares of its length; with Shift, the larger one. */
const [STEP, LARGE_STEP] = [0.01, 0.1];
const RADIUS = 7;
/** Radius within which a finger takes the point. */
const REACH = 22;

const moves: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface Props {
  readonly x: Axis;
  readonly y: Axis;
  readonly values: EventValues;
  readonly words: string;
  readonly bits: number;
  readonly thresholdBits: number | null;
  readonly box: Box;
  readonly onMove: (values: EventValues) => void;
}

/** Point of the map, which arrow keys move; the map has it dragged. */
export function MapPoint({ x, y, values, words, bits, thresholdBits, box, onMove }: Props) {
  const place = (axis: Axis): number | null => {
    const value = values[axis.feature.name];
    return typeof value === 'number' ? shareOf(axis, value) : null;
  };
  const [atX, atY] = [place(x), place(y)];
  if (atX === null || atY === null) return null;
  const within = (share: number): number => Math.min(1, Math.max(0, share));
  const [px, py] = [box.left + within(atX) * box.width, box.top + (1 - within(atY)) * box.height];
  const isBeyond = atX !== within(atX) || atY !== within(atY);
  const isAlarm = thresholdBits !== null && bits >= thresholdBits;
  const colour = isAlarm ? 'var(--critical)' : 'var(--accent)';
  const byKey = (event: KeyboardEvent): void => {
    const move = moves[event.key];
    if (move === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const step = event.shiftKey ? LARGE_STEP : STEP;
    onMove({ ...values, ...moved(x, atX, step * move[0]), ...moved(y, atY, step * move[1]) });
  };
  return (
    <g
      class="map-point"
      tabindex={0}
      role="slider"
      aria-label={`Point: ${x.feature.name} and ${y.feature.name}`}
      aria-valuenow={Number(bits.toFixed(2))}
      aria-valuemin={0}
      aria-valuetext={words}
      onKeyDown={byKey}
    >
      <line x1={px} x2={px} y1={box.top} y2={box.top + box.height} stroke={colour} stroke-opacity="0.45" />
      <line x1={box.left} x2={box.left + box.width} y1={py} y2={py} stroke={colour} stroke-opacity="0.45" />
      <circle cx={px} cy={py} r={REACH} fill="transparent" />
      <circle
        class="map-point-mark"
        cx={px}
        cy={py}
        r={RADIUS}
        fill={isBeyond ? 'var(--surface)' : colour}
        stroke={isBeyond ? colour : 'var(--surface)'}
        stroke-width="2.5"
      />
    </g>
  );
}

/** Value moved along an axis, a whole number by one at least; nothing if it does not move. */
function moved(axis: Axis, share: number, by: number): EventValues {
  if (by === 0) return {};
  const before = valueAlong(axis, share);
  const after = valueAlong(axis, Math.min(1, Math.max(0, share + by)));
  const { name, isInteger } = axis.feature;
  return { [name]: isInteger && after === before ? before + Math.sign(by) : after };
}
