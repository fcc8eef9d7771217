import { AlarmDays } from '../charts/alarm-days.tsx';
import { call } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Cli } from '../components/cli.tsx';
import { Card, Fact } from '../components/parts.tsx';
import { PromiseChip, reasonOf } from '../components/promise.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatCount } from '../format/numbers.ts';
import { judgePromise } from '../format/promise.ts';
import { usePlace } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { AnomalyRows } from './anomaly-rows.tsx';
import { DetectorFrame } from './detector-frame.tsx';
import { FeatureTimelines } from './feature-timelines.tsx';
import { PValues } from './p-values.tsx';
import { ScoreTimeline } from './score-timeline.tsx';

const EVERY_MS = 10_000;
const MOST_LISTED = 25;

/** Detector: its scores and features over time, its alarms and p-values, its latest anomalies. */
export function DetectorPage({ name }: { readonly name: string }) {
  return (
    <DetectorFrame name={name} current="">
      <ScoreTimeline name={name} />
      <FeatureTimelines name={name} />
      <Alarms name={name} />
      <PValues name={name} />
      <Anomalies name={name} />
      <Cli command={`flowline status ${name}`} />
    </DetectorFrame>
  );
}

function Alarms({ name }: { readonly name: string }) {
  const { loaded, reload } = useLoad(
    name,
    (signal) =>
      call('GET /v1/detectors/{detector}/alarms', { params: { detector: name }, query: { days: 60 }, signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <Card title="Alarms against the expected false ones" note="by day of the events, with the band of 95 in 100 days">
      <Show loaded={loaded} reload={reload} height={190}>
        {({ days }) => {
          if (days.length === 0) return <Blank title="No event has been scored yet." />;
          const sum = (of: 'measured' | 'expected' | 'events'): number =>
            days.reduce((total, day) => total + day[of], 0);
          const [measured, expected] = [sum('measured'), sum('expected')];
          return (
            <div style={{ display: 'grid', gap: '0.6rem' }}>
              <dl class="facts">
                <Fact name="Measured">{formatCount(measured)}</Fact>
                <Fact name="Expected">{expected.toFixed(1)}</Fact>
                <Fact name="Events">{formatCount(sum('events'))}</Fact>
                <Fact name="Verdict">
                  <PromiseChip measured={measured} expected={expected} />
                </Fact>
              </dl>
              <ChartFigure
                name={`${name} alarms`}
                columns={['day (UTC)', 'events', 'expected', 'measured']}
                rows={() => days.map((day) => [day.day, day.events, day.expected, day.measured])}
              >
                <AlarmDays days={days} />
                <p class="muted small">{reasonOf(measured, expected, judgePromise(measured, expected))}</p>
              </ChartFigure>
            </div>
          );
        }}
      </Show>
    </Card>
  );
}

function Anomalies({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const range = { from: query.get('from') ?? undefined, to: query.get('to') ?? undefined };
  const { loaded, reload } = useLoad(JSON.stringify([name, range]), (signal) =>
    call('GET /v1/anomalies', { query: { detector: name, ...range, limit: MOST_LISTED }, signal }),
  );
  useNews(({ kind, data }) => kind === 'anomaly' && data.detector === name, reload);
  return (
    <Card title="Latest anomalies" flush note={range.from === undefined ? undefined : 'of the range above'}>
      <Show loaded={loaded} reload={reload} height={300}>
        {({ items }) =>
          items.length === 0 ? (
            <Blank title="No anomaly here.">
              <span>No event of this range was improbable enough.</span>
            </Blank>
          ) : (
            <AnomalyRows items={items} />
          )
        }
      </Show>
    </Card>
  );
}
