import { formatCount } from '../format/numbers.ts';
import { poissonInterval } from '../format/promise.ts';

interface Day {
  readonly day: string;
  readonly expected: number;
  readonly measured: number;
}

const [WIDTH, HEIGHT, DAYS] = [168, 34, 14];

/** Alarms by day as bars, with the band in which 95 of 100 days lie if the promise holds. */
export function AlarmSpark({ days }: { readonly days: readonly Day[] }) {
  if (days.length === 0) return <span class="muted small">no events yet</span>;
  const shown = days.slice(-DAYS);
  const bands = shown.map(({ expected }) => poissonInterval(expected));
  const most = Math.max(1, ...shown.map(({ measured }) => measured), ...bands.map(({ high }) => high));
  const step = WIDTH / DAYS;
  const left = (DAYS - shown.length) * step;
  const y = (value: number): number => HEIGHT - (value / most) * (HEIGHT - 2);
  const total = (of: (day: Day) => number): string => formatCount(shown.reduce((sum, day) => sum + of(day), 0));
  const label =
    `Alarms of ${shown.length} days: ${total(({ measured }) => measured)} measured, ` +
    `${total(({ expected }) => expected)} expected`;
  return (
    <svg
      class="svg-chart"
      style={{ width: `${WIDTH}px` }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {shown.map(({ day, measured }, i) => {
        const { low, high } = bands.at(i) ?? { low: 0, high: 0 };
        const x = left + i * step;
        const isMore = measured > high;
        return (
          <g key={day}>
            <rect x={x} width={step} y={y(high)} height={y(low) - y(high)} fill="var(--band)" />
            <rect
              x={x + 2.5}
              width={step - 5}
              y={y(measured)}
              height={HEIGHT - y(measured)}
              rx="1"
              fill={isMore ? 'var(--series-2)' : 'var(--series-1)'}
            />
          </g>
        );
      })}
      <line x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" />
    </svg>
  );
}
