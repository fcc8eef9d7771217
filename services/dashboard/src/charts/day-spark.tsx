import { formatCount } from '../format/numbers.ts';

interface Day {
  readonly day: string;
  readonly count: number;
}

const [WIDTH, HEIGHT] = [112, 30];

/** Counts by day as small bars, the last one stressed. */
export function DaySpark({ label, days }: { readonly label: string; readonly days: readonly Day[] }) {
  const most = Math.max(1, ...days.map(({ count }) => count));
  const step = WIDTH / Math.max(1, days.length);
  const about = `${label}: ${days.map(({ day, count }) => `${day} ${formatCount(count)}`).join(', ')}`;
  return (
    <svg
      class="svg-chart"
      style={{ width: `${WIDTH}px` }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={about}
    >
      {days.map(({ day, count }, i) => {
        const height = (count / most) * (HEIGHT - 2);
        return (
          <rect
            key={day}
            x={i * step + 1.5}
            width={step - 3}
            y={HEIGHT - 1 - height}
            height={height}
            rx="1"
            fill={i === days.length - 1 ? 'var(--series-1)' : 'var(--line-strong)'}
          >
            <title>{`${day}: ${formatCount(count)}`}</title>
          </rect>
        );
      })}
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line-strong)" />
    </svg>
  );
}
