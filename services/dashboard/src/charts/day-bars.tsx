import { formatCount } from '../format/numbers.ts';
import { Sized } from './sized.tsx';

interface Day {
  readonly day: string;
  readonly total: number;
  /** Number among them that the chart is about. */
  readonly part: number;
}

interface Names {
  readonly total: string;
  readonly part: string;
}

const [HEIGHT, FOOT, LEFT] = [96, 18, 30];
const WIDEST = 90;

/** Counts by day as bars, and within each the part that the chart is about. */
export function DayBars({ days, names }: { readonly days: readonly Day[]; readonly names: Names }) {
  if (days.length === 0) return null;
  return (
    <div class="stack">
      <Sized height={HEIGHT + FOOT}>{(width) => <Drawn days={days} names={names} width={width} />}</Sized>
      <div class="chart-foot">
        <span class="key">{names.part}</span>
        <span>grey: all {names.total} of the day (UTC)</span>
      </div>
    </div>
  );
}

function Drawn({
  days,
  names,
  width,
}: {
  readonly days: readonly Day[];
  readonly names: Names;
  readonly width: number;
}) {
  const most = Math.max(1, ...days.map(({ total }) => total));
  const step = Math.min(WIDEST, (width - LEFT) / days.length);
  const gap = Math.min(3, step / 5);
  const y = (value: number): number => HEIGHT - (value / most) * HEIGHT;
  const [first, last] = [days.at(0)?.day ?? '', days.at(-1)?.day ?? ''];
  const label = `${names.part} of ${names.total} by day, ${first} to ${last}`;
  return (
    <svg class="svg-chart" viewBox={`0 -6 ${width} ${HEIGHT + FOOT + 6}`} role="img" aria-label={label}>
      <title>{label}</title>
      {[0, most].map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} stroke="var(--line)" />
          <text x={LEFT - 5} y={y(value) + 4} text-anchor="end">
            {formatCount(value)}
          </text>
        </g>
      ))}
      {days.map(({ day, total, part }, i) => {
        const bar = { x: LEFT + i * step + gap, width: step - 2 * gap, rx: 1 };
        return (
          <g key={day}>
            <title>{`${day}: ${part} of ${total}`}</title>
            <rect {...bar} y={y(total)} height={HEIGHT - y(total)} fill="var(--line-strong)" />
            <rect {...bar} y={y(part)} height={HEIGHT - y(part)} fill="var(--series-1)" />
          </g>
        );
      })}
      <text x={LEFT} y={HEIGHT + 14}>
        {first}
      </text>
      {last !== first && (
        <text x={LEFT + days.length * step} y={HEIGHT + 14} text-anchor="end">
          {last}
        </text>
      )}
    </svg>
  );
}
