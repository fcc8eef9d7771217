import { Lines } from '../charts/lines.tsx';
import { call, type Item } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatValue } from '../format/numbers.ts';
import { useLoad } from '../state/use-load.ts';

type Anomaly = Pick<
  Item<'GET /v1/anomalies'>,
  'anomalyId' | 'detector' | 'modelVersion' | 'observed' | 'nearestNormal' | 'topFeature'
>;

const POINTS = 161;
const MOST_LEVELS = 8;

/** Density that the model expects of a feature, given the rest of the event, and its value. */
export function ConditionalCard({ anomaly, feature }: { readonly anomaly: Anomaly; readonly feature: string }) {
  const { detector, modelVersion, observed } = anomaly;
  const { loaded, reload } = useLoad(`${anomaly.anomalyId} ${feature}`, (signal) =>
    call('POST /v1/detectors/{detector}/conditional', {
      params: { detector },
      body: { values: observed, feature, points: POINTS, levels: MOST_LEVELS, modelVersion },
      signal,
    }),
  );
  return (
    <Card
      title={`What ${feature} should have been`}
      note="its density, given the rest of the event, by the model that scored it"
    >
      <Show loaded={loaded} reload={reload} height={220}>
        {(answer) => {
          if (answer.kind === 'level') {
            return (
              <dl class="life">
                {answer.levels.map(({ level, probability }) => (
                  <>
                    <dt>{level ?? 'all others'}</dt>
                    <dd>{formatValue(100 * probability)} %</dd>
                  </>
                ))}
              </dl>
            );
          }
          const { grid, expected, observed: value } = answer;
          const [first, last] = [grid.at(0)?.value, grid.at(-1)?.value];
          if (first === undefined || last === undefined) return <Blank title="The model gives no density here." />;
          const isBeyond = value !== null && (value < first || value > last);
          const where = value !== null && value < first ? 'left' : 'right';
          return (
            <div style={{ display: 'grid', gap: '0.5rem' }}>
              <Lines
                lines={[
                  {
                    name: feature,
                    colour: 'var(--series-1)',
                    filled: true,
                    points: grid.map((one) => [one.value, one.density]),
                  },
                ]}
                yRange={[0, 1.08 * Math.max(...grid.map(({ density }) => density))]}
                bands={expected.ranges ?? [{ low: expected.p05, high: expected.p95 }]}
                marks={
                  value === null || isBeyond
                    ? []
                    : [{ x: value, name: `observed ${formatValue(value)}`, colour: 'var(--critical)' }]
                }
                label={`Density of ${feature}, given the rest of the event`}
                xName={feature}
              />
              <p class="muted small">
                The band holds 90 %.{' '}
                {isBeyond && `The observed ${formatValue(value)} lies far beyond the ${where} end of this axis.`}
              </p>
              <ChartTable
                name={`${detector} ${feature}`}
                columns={[feature, 'density']}
                rows={grid.map((one) => [one.value, one.density])}
              />
            </div>
          );
        }}
      </Show>
    </Card>
  );
}
