import { formatValue } from '../format/numbers.ts';
import { Sized } from './sized.tsx';

const [HEIGHT, FOOT] = [92, 18];

/** Shares of cells as bars, with those of another set as a line of steps. */
export interface ComparedBarsProps {
  readonly label: string;
  readonly shares: readonly number[];
  readonly compared: readonly number[] | null;
  /** Range of the shares that chance allows, across all cells. */
  readonly band?: { readonly low: number; readonly high: number };
  /** Names below the axis: of its ends, or one per cell. */
  readonly names: readonly string[];
}

/** Small histogram, of which several stand beside each other. */
export function ComparedBars(props: ComparedBarsProps) {
  return <Sized height={HEIGHT + FOOT}>{(width) => <Drawn {...props} width={width} />}</Sized>;
}

function Drawn({ label, shares, compared, band, names, width }: ComparedBarsProps & { readonly width: number }) {
  const most = 1.08 * Math.max(1e-9, band?.high ?? 0, ...shares, ...(compared ?? []));
  const step = width / Math.max(1, shares.length);
  const y = (share: number): number => HEIGHT - (HEIGHT * share) / most;
  const steps = (compared ?? []).map((share, i) => `${i === 0 ? 'M' : 'L'}${i * step} ${y(share)}H${(i + 1) * step}`);
  const isEach = names.length === shares.length;
  const gap = step > 40 ? 4 : 1;
  return (
    <svg class="svg-chart" width={width} height={HEIGHT + FOOT} role="img" aria-label={label}>
      <title>{label}</title>
      {band !== undefined && (
        <rect width={width} y={y(band.high)} height={y(band.low) - y(band.high)} fill="var(--band)" />
      )}
      {shares.map((share, i) => (
        <rect
          key={i}
          x={i * step + gap / 2}
          width={Math.max(0.5, step - gap)}
          y={y(share)}
          height={HEIGHT - y(share)}
          fill="var(--series-1)"
          opacity="0.6"
        >
          <title>{`${names.length === shares.length ? `${names.at(i) ?? ''}: ` : ''}${formatValue(100 * share)} %`}</title>
        </rect>
      ))}
      <path d={steps.join('')} fill="none" stroke="var(--series-2)" stroke-width="1.8" />
      <line x2={width} y1={HEIGHT} y2={HEIGHT} stroke="var(--line-strong)" />
      {names.map((name, i) => (
        <text
          key={i}
          x={isEach ? (i + 0.5) * step : (i / Math.max(1, names.length - 1)) * width}
          y={HEIGHT + 14}
          text-anchor={isEach ? 'middle' : i === 0 ? 'start' : i === names.length - 1 ? 'end' : 'middle'}
        >
          {isEach ? shortened(name, step) : name}
        </text>
      ))}
    </svg>
  );
}

const CHARACTER = 6.4;

function shortened(name: string, width: number): string {
  const most = Math.floor(width / CHARACTER);
  return name.length <= most ? name : `${name.slice(0, Math.max(1, most - 1))}…`;
}
