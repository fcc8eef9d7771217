import { formatCount } from '../format/numbers.ts';
import { poissonInterval } from '../format/promise.ts';
import { Sized } from './sized.tsx';

interface Day {
  readonly day: string;
  readonly expected: number;
  readonly measured: number;
}

const [HEIGHT, FOOT, LEFT] = [120, 18, 30];

/** Alarms by day as bars, each with the band in which 95 of 100 such days lie. */
export function AlarmDays({ days }: { readonly days: readonly Day[] }) {
  return <Sized height={HEIGHT + FOOT}>{(width) => <Drawn days={days} width={width} />}</Sized>;
}

function Drawn({ days, width }: { readonly days: readonly Day[]; readonly width: number }) {
  const bands = days.map(({ expected }) => poissonInterval(expected));
  const most = Math.max(3, ...days.map(({ measured }) => measured), ...bands.map(({ high }) => high)) * 1.05;
  const step = (width - LEFT) / days.length;
  const y = (value: number): number => HEIGHT - (value / most) * HEIGHT;
  const label = `Alarms of ${days.length} days, from ${days.at(0)?.day ?? ''} to ${days.at(-1)?.day ?? ''}`;
  const top = Math.floor(most);
  return (
    <svg class="svg-chart" viewBox={`0 -6 ${width} ${HEIGHT + FOOT + 6}`} role="img" aria-label={label}>
      <title>{label}</title>
      {[0, top].map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={width} y1={y(value)} y2={y(value)} stroke="var(--line)" />
          <text x={LEFT - 5} y={y(value) + 4} text-anchor="end">
            {formatCount(value)}
          </text>
        </g>
      ))}
      {days.map(({ day, measured, expected }, i) => {
        const { low, high } = bands.at(i) ?? { low: 0, high: 0 };
        const x = LEFT + i * step;
        const gap = Math.min(2, step / 6);
        return (
          <g key={day}>
            <title>{`${day}: ${measured} alarms, ${expected.toFixed(1)} expected`}</title>
            <rect x={x} width={step} y={y(high)} height={y(low) - y(high)} fill="var(--band)" />
            <rect
              x={x + gap}
              width={step - 2 * gap}
              y={y(measured)}
              height={HEIGHT - y(measured)}
              rx="1"
              fill={measured > high ? 'var(--series-2)' : 'var(--series-1)'}
            />
          </g>
        );
      })}
      <text x={LEFT} y={HEIGHT + 14}>
        {days.at(0)?.day}
      </text>
      <text x={width} y={HEIGHT + 14} text-anchor="end">
        {days.at(-1)?.day}
      </text>
    </svg>
  );
}
