import { severities } from '../components/parts.tsx';
import { formatTime } from '../format/times.ts';
import { Sized } from './sized.tsx';

/** Incident as a bar of its time. */
interface Bar {
  readonly id: string;
  readonly severity: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly label: string;
  readonly onOpen: () => void;
}

const [LANE, BAR, LEFT, FOOT] = [24, 14, 62, 20];
const LEAST_WIDTH = 5;
/** Width of a time below the chart, with room beside it. */
const TIME_WIDTH = 150;

/** Incidents over time, in a lane per severity. */
export function IncidentLanes({ incidents }: { readonly incidents: readonly Bar[] }) {
  const lanes = severities.filter((severity) => incidents.some((incident) => incident.severity === severity));
  const height = lanes.length * LANE + FOOT;
  return <Sized height={height}>{(width) => <Lanes {...{ incidents, lanes, width, height }} />}</Sized>;
}

function Lanes({
  incidents,
  lanes,
  width,
  height,
}: {
  readonly incidents: readonly Bar[];
  readonly lanes: readonly string[];
  readonly width: number;
  readonly height: number;
}) {
  const first = Math.min(...incidents.map(({ firstMs }) => firstMs));
  const last = Math.max(...incidents.map(({ lastMs }) => lastMs), first + 1);
  const room = width - LEFT - LEAST_WIDTH;
  const x = (ms: number): number => LEFT + ((ms - first) / (last - first)) * room;
  const times = room > 2 * TIME_WIDTH ? [first, (first + last) / 2, last] : [first, last];
  const label = `${incidents.length} incidents from ${formatTime(new Date(first))} to ${formatTime(new Date(last))}`;
  return (
    <svg class="svg-chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <title>{label}</title>
      {lanes.map((severity, i) => (
        <g key={severity}>
          <text x={0} y={i * LANE + LANE / 2 + 4}>
            {severity}
          </text>
          <line x1={LEFT} x2={width} y1={i * LANE + LANE / 2} y2={i * LANE + LANE / 2} stroke="var(--line)" />
        </g>
      ))}
      {incidents.map(({ id, severity, firstMs, lastMs, label: about, onOpen }) => (
        <rect
          key={id}
          class="opens"
          x={x(firstMs)}
          y={lanes.indexOf(severity) * LANE + (LANE - BAR) / 2}
          width={Math.max(LEAST_WIDTH, x(lastMs) - x(firstMs))}
          height={BAR}
          rx="2.5"
          fill={`var(--${severity})`}
          stroke="var(--surface)"
          onClick={onOpen}
        >
          <title>{`${formatTime(new Date(firstMs))} – ${about}`}</title>
        </rect>
      ))}
      {times.map((ms, i) => (
        <text
          key={ms}
          x={i === 0 ? LEFT : i === times.length - 1 ? width : (LEFT + width) / 2}
          y={height - 4}
          text-anchor={i === 0 ? 'start' : i === times.length - 1 ? 'end' : 'middle'}
        >
          {formatTime(new Date(ms)).slice(0, 16)}
        </text>
      ))}
    </svg>
  );
}
