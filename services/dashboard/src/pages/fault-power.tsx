import { Lines } from '../charts/lines.tsx';
import { logTicks } from '../charts/log-ticks.ts';
import { call } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatValue } from '../format/numbers.ts';
import { caughtShare } from '../format/what-if.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';

/** Events of the model that faults are put into. */
const EVENTS = 16;
/** Events from which the spread of a feature is taken. */
const SPREAD_EVENTS = 200;
const SEED = 1;
/** Sizes of faults, in spreads. */
const SIZES = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];
const [LEAST_SIZE, MOST_SIZE] = [Math.min(...SIZES), Math.max(...SIZES)];
/** Least p-value of the events before their fault: others are odd as they are. */
const USUAL_P = 0.1;
const NORMAL_QUARTILES = 1.349;

interface Simulated {
  readonly features: readonly string[];
  readonly feature: string | null;
  readonly spread: number;
  /** Surprise of each faulty event in bits, by size of the fault. */
  readonly bits: readonly (readonly number[])[];
}

interface Feature {
  readonly name: string;
  readonly type: string;
  readonly role: string;
}

/** Faults caught by their size, simulated: events of the model, with one feature moved. */
export function FaultPower({ name, threshold }: { readonly name: string; readonly threshold: number }) {
  const asked = usePlace().query.get('feature');
  const { loaded, reload } = useLoad(`${name} ${asked ?? ''}`, (signal) => simulate(name, asked, signal));
  return (
    <Card title="Faults it would catch" note={`simulated: ${EVENTS} events of the model, one feature moved`}>
      <Show loaded={loaded} reload={reload} height={240}>
        {({ features, feature, spread, bits }) =>
          feature === null ? (
            <Blank title="No scored feature is a number." />
          ) : (
            <div style={{ display: 'grid', gap: '0.6rem' }}>
              <div class="filters">
                <label>
                  Feature
                  <select
                    class="select"
                    value={feature}
                    onChange={(event) => setQuery({ feature: event.currentTarget.value })}
                  >
                    {features.map((one) => (
                      <option key={one} value={one}>
                        {one}
                      </option>
                    ))}
                  </select>
                </label>
                <span class="muted small">
                  half of its values spread over {formatValue(Number((spread * NORMAL_QUARTILES).toPrecision(2)))}
                </span>
              </div>
              <Lines
                height={210}
                label={`Share of faults of ${feature} that are caught, by their size`}
                xName={`fault: ${feature} higher by`}
                yRange={[0, 1]}
                ticks={{ x: logTicks(Math.log10(LEAST_SIZE * spread), Math.log10(MOST_SIZE * spread)) }}
                formatX={(value) => formatValue(Number((10 ** value).toPrecision(2)))}
                formatY={(value) => `${Math.round(100 * value)} %`}
                lines={[
                  {
                    name: 'caught',
                    colour: 'var(--series-1)',
                    filled: true,
                    points: SIZES.map(
                      (size, i) => [Math.log10(size * spread), caughtShare(bits.at(i) ?? [], threshold)] as const,
                    ),
                  },
                ]}
              />
              <ChartTable
                name={`${name} faults of ${feature}`}
                columns={['fault', 'share caught', 'trials']}
                rows={SIZES.map((size, i) => [
                  size * spread,
                  caughtShare(bits.at(i) ?? [], threshold),
                  bits.at(i)?.length ?? 0,
                ])}
              />
            </div>
          )
        }
      </Show>
    </Card>
  );
}

async function simulate(name: string, asked: string | null, signal: AbortSignal): Promise<Simulated> {
  const params = { detector: name };
  const { definition } = await call('GET /v1/detectors/{detector}', { params, signal });
  const all = (definition.features ?? []) as readonly Feature[];
  const features = all.filter(isMovable).map((feature) => feature.name);
  const moved = all.find((feature) => feature.name === (features.find((one) => one === asked) ?? features.at(0)));
  if (moved === undefined) return { features, feature: null, spread: 0, bits: [] };
  const { samples } = await call('POST /v1/detectors/{detector}/sample', {
    params,
    body: { count: SPREAD_EVENTS, seed: SEED },
    signal,
  });
  const spread = spreadOf(samples.map(({ values }) => values[moved.name]));
  const bits: number[][] = SIZES.map(() => []);
  const usual = samples.filter(({ pValue }) => pValue >= USUAL_P);
  for (const { values } of usual.slice(0, EVENTS)) {
    const base = values[moved.name];
    if (typeof base !== 'number') continue;
    const round = moved.type === 'integer' ? Math.round : (value: number) => value;
    const changes = SIZES.map((size) => ({ [moved.name]: round(base + size * spread) }));
    const { results } = await call('POST /v1/detectors/{detector}/what-if', {
      params,
      body: { values, changes },
      signal,
    });
    // An event outside the domain of the features is caught as such.
    for (const [i, result] of results.entries()) bits.at(i)?.push('error' in result ? Infinity : result.surpriseBits);
  }
  return { features, feature: moved.name, spread, bits };
}

const isMovable = ({ type, role }: Feature): boolean =>
  role === 'score' && ['real', 'positive', 'integer', 'unit'].includes(type);

/** Spread of values as the standard deviation of a normal distribution with their quartiles. */
function spreadOf(values: readonly unknown[]): number {
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  const quantile = (share: number): number => sorted.at(Math.floor(share * (sorted.length - 1))) ?? 0;
  const spread = (quantile(0.75) - quantile(0.25)) / NORMAL_QUARTILES;
  return spread > 0 ? spread : (quantile(0.99) - quantile(0.01)) / 4 || 1;
}
