import { ComparedBars } from '../charts/compared-bars.tsx';
import { Lines } from '../charts/lines.tsx';
import { logTicks } from '../charts/log-ticks.ts';
import { call, type Reply } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatValue, plural } from '../format/numbers.ts';
import { useLoad } from '../state/use-load.ts';

type Fit = Reply<'GET /v1/detectors/{detector}/models/{version}/fit'>;
type Feature = Fit['features'][number];

/** Standard errors beside the middle that hold 95 of 100. */
const NORMAL_95 = 1.96;

/** Events that a model has scored, beside those that it draws: values, PITs and calibration. */
export function ModelFit({ detector, version }: { readonly detector: string; readonly version: number }) {
  const { loaded, reload } = useLoad(`${detector} ${version}`, (signal) =>
    call('GET /v1/detectors/{detector}/models/{version}/fit', { params: { detector, version }, signal }),
  );
  return (
    <Show loaded={loaded} reload={reload} height={280}>
      {(fit) =>
        fit.events === 0 ? (
          <Card title={`Model ${version} beside its events`}>
            <Blank title="It has not scored an event yet.">
              <span>Its samples and its calibration are compared with stored events.</span>
            </Blank>
          </Card>
        ) : (
          <>
            <Values fit={fit} />
            <Pits fit={fit} />
            <Calibration fit={fit} />
          </>
        )
      }
    </Show>
  );
}

const percent = (share: number): string => `${formatValue(Number((100 * share).toPrecision(2)))} %`;

function Values({ fit: { detector, modelVersion, events, drawn, features } }: { readonly fit: Fit }) {
  return (
    <Card
      title={`Model ${modelVersion}: samples against events`}
      note={`${plural(events, 'stored event')}, ${plural(drawn, 'drawn one')}`}
    >
      <div class="multiples" role="list">
        {features.map((feature) => (
          <figure key={feature.feature} role="listitem">
            <figcaption>
              <strong class="clip">{feature.feature}</strong>
              <span class="muted small">
                distance {percent(feature.distance)}
                {missingWords(feature)}
              </span>
            </figcaption>
            <ComparedBars
              label={`Values of ${feature.feature}: distance ${percent(feature.distance)} between events and samples`}
              shares={feature.events}
              compared={feature.drawn}
              names={namesOf(feature)}
            />
          </figure>
        ))}
      </div>
      <div class="chart-foot">
        <span class="actions">
          <span class="key">events it has scored</span>
          <span class="key key-line">events it draws</span>
        </span>
        <span>the features that differ most come first</span>
      </div>
      <ChartTable
        name={`${detector} model ${modelVersion} values`}
        columns={['feature', 'from, or level', 'share of events', 'share of samples']}
        rows={features.flatMap((feature) =>
          feature.events.map((share, i) => [
            ...[feature.feature, feature.edges?.at(i) ?? feature.levels.at(i) ?? null],
            ...[share, feature.drawn.at(i) ?? null],
          ]),
        )}
      />
    </Card>
  );
}

function missingWords({ missing: { events, drawn } }: Feature): string {
  return Math.max(events, drawn) === 0 ? '' : `, missing ${percent(events)}, drawn ${percent(drawn)}`;
}

function namesOf({ edges, levels }: Feature): readonly string[] {
  if (edges === null) return levels;
  return [edges.at(0), edges.at(Math.floor(edges.length / 2)), edges.at(-1)].map((edge) =>
    formatValue(Number((edge ?? 0).toPrecision(2))),
  );
}

function Pits({ fit: { detector, modelVersion, compared, features } }: { readonly fit: Fit }) {
  const scored = features.flatMap(({ feature, pits }) => (pits === null ? [] : [{ feature, pits }]));
  return (
    <Card
      title={`Model ${modelVersion}: each feature, given the others`}
      note={`PITs of ${plural(compared, 'event')}: P(feature ≤ its value | the rest)`}
    >
      <div class="multiples" role="list">
        {scored.map(({ feature, pits }) => {
          const total = pits.reduce((sum, count) => sum + count, 0);
          const usual = 1 / pits.length;
          const margin = NORMAL_95 * Math.sqrt((usual * (1 - usual)) / Math.max(1, total));
          return (
            <figure key={feature} role="listitem">
              <figcaption>
                <strong class="clip">{feature}</strong>
                <span class="muted small">{pitWords(pits, total, margin)}</span>
              </figcaption>
              <ComparedBars
                label={`PITs of ${feature}: ${pitWords(pits, total, margin)}`}
                shares={pits.map((count) => count / Math.max(1, total))}
                compared={null}
                band={{ low: Math.max(0, usual - margin), high: usual + margin }}
                names={['0', '0.5', '1']}
              />
            </figure>
          );
        })}
      </div>
      <p class="muted small">
        Flat is as learned: the band holds 95 of 100 bars. High ends are values further out than expected, a high middle
        ones that are not as far, a slope a shift.
      </p>
      <ChartTable
        name={`${detector} model ${modelVersion} PITs`}
        columns={['feature', 'from', 'events']}
        rows={scored.flatMap(({ feature, pits }) => pits.map((count, i) => [feature, i / pits.length, count]))}
      />
    </Card>
  );
}

/** Cells beyond the band, in words: of ten, one is there by chance now and then. */
function pitWords(pits: readonly number[], total: number, margin: number): string {
  const beyond = pits.filter((count) => Math.abs(count / Math.max(1, total) - 1 / pits.length) > margin).length;
  return beyond <= 1 ? 'flat' : `${beyond} of ${pits.length} off`;
}

function Calibration({ fit: { detector, modelVersion, events, calibration } }: { readonly fit: Fit }) {
  const log = (share: number): number => Math.log10(share);
  const least = Math.min(-1, ...calibration.map(({ expected }) => log(expected)));
  const power = (value: number): string => formatValue(Number((10 ** value).toPrecision(1)));
  return (
    <Card
      title={`Model ${modelVersion}: calibration`}
      note={`shares of ${plural(events, 'event')} at or below a p-value`}
    >
      <div style={{ display: 'grid', gap: '0.5rem', gridTemplateColumns: 'minmax(0, 1fr)' }}>
        <Lines
          lines={[
            {
              name: 'as promised',
              colour: 'var(--muted)',
              points: [
                [least, least],
                [0, 0],
              ],
            },
            {
              name: 'measured',
              colour: 'var(--series-1)',
              points: calibration.map(({ expected, measured }) => [log(expected), log(measured)] as const),
            },
          ]}
          label={`Measured against promised shares of events of model ${modelVersion}`}
          xName="p-value"
          ticks={{ x: logTicks(least, 0) }}
          formatX={power}
          formatY={power}
        />
        <p class="muted small">
          On the grey line the promise is kept. Above it there are more small p-values than promised: too many alarms,
          or events that are odd.
        </p>
        <ChartTable
          name={`${detector} model ${modelVersion} calibration`}
          columns={['p-value', 'share of events']}
          rows={calibration.map(({ expected, measured }) => [expected, measured])}
        />
      </div>
    </Card>
  );
}
