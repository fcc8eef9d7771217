import { formatPercent, formatValue } from '@flowline/charts';

import { FeatureLine } from '../charts/feature-line.tsx';
import { call, type Reply } from '../client/call.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatBits, plural } from '../format/numbers.ts';
import { useChosenRange } from '../state/chosen-range.ts';
import { setQuery, usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';

type Timelines = Reply<'GET /v1/detectors/{detector}/feature-timelines'>;
type Feature = Timelines['features'][number];
type Anomaly = Timelines['anomalies'][number];

const EVERY_MS = 30_000;
/** Features that are shown until all are asked for. */
const FIRST_SHOWN = 12;

/** Features of a detector over time, each beside what its model expects: the oddest first. */
export function FeatureTimelines({ name }: { readonly name: string }) {
  const chosen = useChosenRange(name);
  const { loaded, reload } = useLoad(
    chosen.key,
    async (signal) => {
      const query = await chosen.ask(signal);
      return call('GET /v1/detectors/{detector}/feature-timelines', { params: { detector: name }, query, signal });
    },
    { everyMs: chosen.isFollowing ? EVERY_MS : null },
  );
  return (
    <Card title="Features over time" note="the least as expected first; 10 % outside is usual">
      <Show loaded={loaded} reload={reload} height={320}>
        {(timelines) =>
          timelines.events === 0 || timelines.features.length === 0 ? (
            <Blank title={timelines.events === 0 ? 'No stored event in this range.' : 'No feature is a number.'}>
              {timelines.events === 0 && (
                <span>Values are read from stored events, which retention removes in time.</span>
              )}
            </Blank>
          ) : (
            <Multiples name={name} timelines={timelines} />
          )
        }
      </Show>
    </Card>
  );
}

function Multiples({ name, timelines }: { readonly name: string; readonly timelines: Timelines }) {
  const { features, anomalies, events, modelVersion, from, to, seconds } = timelines;
  const shown = usePlace().query.get('features') === 'all' ? features : features.slice(0, FIRST_SHOWN);
  return (
    <ChartFigure name={`${name} features`} columns={columns} rows={() => features.flatMap(rowsOf)}>
      <div class="multiples multiples-wide">
        {shown.map((feature) => (
          <section key={feature.feature} aria-label={feature.feature}>
            <header>
              <h3 class="clip">{feature.feature}</h3>
              <span class="muted small">{outsideText(feature)}</span>
            </header>
            <FeatureLine
              of={feature}
              seconds={seconds}
              range={[new Date(from), new Date(to)]}
              odd={anomalies.flatMap((anomaly) => oddOf(anomaly, feature.feature))}
            />
          </section>
        ))}
      </div>
      {shown.length < features.length && (
        <div class="actions">
          <button type="button" class="button" onClick={() => setQuery({ features: 'all' })}>
            Show all {features.length} features
          </button>
        </div>
      )}
      <div class="chart-foot">
        <span class="actions">
          <span class="key">median</span>
          <span class="key key-spread">90 % of the values</span>
          {modelVersion !== null && <span class="key key-band">expected by model {modelVersion}: 90 %</span>}
          <span class="key key-dot">anomaly by this feature</span>
        </span>
        <span>a sample of {plural(events, 'event')}, spread evenly over the range</span>
      </div>
    </ChartFigure>
  );
}

/** Share of the values outside of the expected range. */
function outsideText({ outside, cells }: Feature): string {
  const [missing, events] = [sumOf(cells, 'missing'), sumOf(cells, 'events')];
  const absent = missing === 0 ? '' : ` · ${formatPercent(missing / Math.max(1, events))} missing`;
  return outside === null ? `given, not scored${absent}` : `${formatPercent(outside)} outside${absent}`;
}

const sumOf = (cells: Feature['cells'], of: 'missing' | 'events'): number =>
  cells.reduce((sum, cell) => sum + cell[of], 0);

/** Point of an anomaly in the chart of the feature that it is due to. */
function oddOf({ feature: due, value, eventTime, surpriseBits }: Anomaly, feature: string) {
  if (due !== feature) return [];
  const title = `${feature} ${formatValue(value)}: ${formatBits(surpriseBits)} bits`;
  return [{ x: new Date(eventTime).getTime(), y: value, title }];
}

const columns = [
  ...['feature', 'start (UTC)', 'events', 'missing', 'quantile 0.05', 'median', 'quantile 0.95'],
  ...['expected from', 'expected to'],
];

const rowsOf = ({ feature, expected, cells }: Feature) =>
  cells.map(({ at, events, missing, values }) => [
    ...[feature, at, events, missing, values?.p05 ?? null, values?.median ?? null, values?.p95 ?? null],
    ...[expected?.p05 ?? null, expected?.p95 ?? null],
  ]);
