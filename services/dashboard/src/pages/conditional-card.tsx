import { Bars, formatPercent } from '@flowline/charts';

import { Lines } from '../charts/lines.tsx';
import { Sized } from '../charts/sized.tsx';
import { call, type Item } from '../client/call.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
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
              <ChartFigure
                name={`${detector} ${feature}`}
                columns={[feature, 'probability']}
                rows={() => answer.levels.map(({ level, probability }) => [level ?? 'all others', probability])}
              >
                <Levels feature={feature} observed={answer.observed} levels={answer.levels} />
              </ChartFigure>
            );
          }
          const { grid, expected, observed: value } = answer;
          const [first, last] = [grid.at(0)?.value, grid.at(-1)?.value];
          if (first === undefined || last === undefined) return <Blank title="The model gives no density here." />;
          const isBeyond = value !== null && (value < first || value > last);
          const where = value !== null && value < first ? 'left' : 'right';
          return (
            <ChartFigure
              name={`${detector} ${feature}`}
              columns={[feature, 'density']}
              rows={() => grid.map((one) => [one.value, one.density])}
            >
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
            </ChartFigure>
          );
        }}
      </Show>
    </Card>
  );
}

const LEVEL_HEIGHT = 24;

/** Probabilities of levels, given the rest of the event, the observed one in the accent. */
function Levels({
  feature,
  observed,
  levels,
}: {
  readonly feature: string;
  readonly observed: string | null;
  readonly levels: readonly { readonly level: string | null; readonly probability: number }[];
}) {
  return (
    <Sized height={LEVEL_HEIGHT * levels.length}>
      {(width) => (
        <Bars
          title={`Probability of each ${feature}, given the rest of the event`}
          width={Math.min(width, 720)}
          most={1}
          format={formatPercent}
          bars={levels.map(({ level, probability }) => ({
            name: level ?? 'all others',
            value: probability,
            isAccent: level !== null && level === observed,
          }))}
        />
      )}
    </Sized>
  );
}
