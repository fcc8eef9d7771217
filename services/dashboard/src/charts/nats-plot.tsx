import { formatValue } from '../format/numbers.ts';

interface Nats {
  readonly nllNats: number | null;
  readonly standardError: number | null;
}

const [WIDTH, HEIGHT, EDGE] = [220, 20, 8];

/** Held-out nats of one of several models, with two standard errors either side. */
export function NatsPlot({ all, index }: { readonly all: readonly Nats[]; readonly index: number }) {
  const known = all.flatMap(({ nllNats, standardError }) =>
    nllNats === null ? [] : [nllNats - 2 * (standardError ?? 0), nllNats + 2 * (standardError ?? 0)],
  );
  const { nllNats = null, standardError = null } = all.at(index) ?? {};
  if (nllNats === null) return <span class="muted">–</span>;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const x = (value: number): number => EDGE + ((value - least) / (most - least || 1)) * (WIDTH - 2 * EDGE);
  const error = 2 * (standardError ?? 0);
  const label = `${formatValue(nllNats)} nats, two standard errors ${formatValue(error)}`;
  const middle = HEIGHT / 2;
  return (
    <svg
      class="svg-chart"
      style={{ width: `${WIDTH}px` }}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <line x1={EDGE} x2={WIDTH - EDGE} y1={middle} y2={middle} stroke="var(--line)" />
      <line
        x1={x(nllNats - error)}
        x2={x(nllNats + error)}
        y1={middle}
        y2={middle}
        stroke="var(--series-1)"
        stroke-width="3"
      />
      <circle cx={x(nllNats)} cy={middle} r="4.5" fill="var(--series-1)" stroke="var(--surface)" stroke-width="1.5" />
    </svg>
  );
}
