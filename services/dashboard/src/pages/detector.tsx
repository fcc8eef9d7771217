import { AlarmDays } from '../charts/alarm-days.tsx';
import { PValueHistogram } from '../charts/histogram.tsx';
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
import { ScoreTimeline } from './score-timeline.tsx';

const EVERY_MS = 10_000;
const MOST_LISTED = 25;

/** Detector: its scores over time, its alarms beside its promise, and its latest anomalies. */
export function DetectorPage({ name }: { readonly name: string }) {
  return (
    <DetectorFrame name={name} current="">
      <ScoreTimeline name={name} />
      <div class="grid-2">
        <Alarms name={name} />
        <PValues name={name} />
      </div>
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

function PValues({ name }: { readonly name: string }) {
  const { query } = usePlace();
  const range = { from: query.get('from') ?? undefined, to: query.get('to') ?? undefined };
  const { loaded, reload } = useLoad(
    JSON.stringify([name, range]),
    (signal) => call('GET /v1/detectors/{detector}/p-values', { params: { detector: name }, query: range, signal }),
    { everyMs: EVERY_MS },
  );
  return (
    <Card title="p-values" note="flat if calibrated; the band is that of chance">
      <Show loaded={loaded} reload={reload} height={190}>
        {({ cells, events }) =>
          events === 0 ? (
            <Blank title="No event has been scored in this range." />
          ) : (
            <ChartFigure
              name={`${name} p-values`}
              columns={['p from', 'p to', 'events']}
              rows={() => cells.map((count, i) => [i / cells.length, (i + 1) / cells.length, count])}
            >
              <PValueHistogram cells={cells} />
            </ChartFigure>
          )
        }
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
