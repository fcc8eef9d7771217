import { EstimateLine, formatValue } from '@flowline/charts';

interface Nats {
  readonly nllNats: number | null;
  readonly standardError: number | null;
}

/** Held-out nats of one of several models, with two standard errors either side. */
export function NatsPlot({ all, index }: { readonly all: readonly Nats[]; readonly index: number }) {
  const estimates = all.map(estimateOf);
  const estimate = estimates.at(index) ?? null;
  if (estimate === null) return null;
  const known = estimates.flatMap((each) => (each === null ? [] : [each.low, each.high]));
  return (
    <div class="estimate">
      <EstimateLine
        title={`${formatValue(estimate.value)} nats, two standard errors ${formatValue(estimate.high - estimate.value)}`}
        estimate={estimate}
        domain={[Math.min(...known), Math.max(...known)]}
      />
    </div>
  );
}

function estimateOf({ nllNats, standardError }: Nats) {
  if (nllNats === null) return null;
  const error = 2 * (standardError ?? 0);
  return { value: nllNats, low: nllNats - error, high: nllNats + error };
}
