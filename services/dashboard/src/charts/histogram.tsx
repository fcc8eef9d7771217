import { formatCount } from '../format/numbers.ts';
import { poissonInterval } from '../format/promise.ts';
import { Sized } from './sized.tsx';

const [HEIGHT, FOOT, LEFT] = [150, 18, 40];

/** Counts by p-value as bars, with the band in which they lie if p-values are calibrated. */
export function PValueHistogram({ cells }: { readonly cells: readonly number[] }) {
  return <Sized height={HEIGHT + FOOT}>{(width) => <Drawn cells={cells} width={width} />}</Sized>;
}

function Drawn({ cells, width }: { readonly cells: readonly number[]; readonly width: number }) {
  const total = cells.reduce((sum, count) => sum + count, 0);
  const mean = total / cells.length;
  const { low, high } = poissonInterval(mean);
  const most = Math.max(1, high, ...cells) * 1.06;
  const y = (value: number): number => HEIGHT - (value / most) * HEIGHT;
  const step = (width - LEFT) / cells.length;
  const label = `${formatCount(total)} events by p-value; ${formatCount(mean)} expected in each of ${cells.length} cells`;
  return (
    <svg class="svg-chart" viewBox={`0 -4 ${width} ${HEIGHT + FOOT + 4}`} role="img" aria-label={label}>
      <title>{label}</title>
      <rect x={LEFT} width={width - LEFT} y={y(high)} height={y(low) - y(high)} fill="var(--band)" />
      {cells.map((count, i) => (
        <rect
          key={i}
          x={LEFT + i * step + 1}
          width={step - 2}
          y={y(count)}
          height={HEIGHT - y(count)}
          fill="var(--series-1)"
          opacity="0.75"
        >
          <title>{`p ${(i / cells.length).toFixed(2)} to ${((i + 1) / cells.length).toFixed(2)}: ${formatCount(count)} events`}</title>
        </rect>
      ))}
      <line
        x1={LEFT}
        x2={width}
        y1={y(mean)}
        y2={y(mean)}
        stroke="var(--series-2)"
        stroke-width="1.5"
        stroke-dasharray="5 3"
      />
      <text x={LEFT - 5} y={y(mean) + 4} text-anchor="end">
        {formatCount(mean)}
      </text>
      {[0, 0.25, 0.5, 0.75, 1].map((p) => (
        <text
          key={p}
          x={LEFT + p * (width - LEFT)}
          y={HEIGHT + 14}
          text-anchor={p === 1 ? 'end' : p === 0 ? 'start' : 'middle'}
        >
          {p}
        </text>
      ))}
    </svg>
  );
}
