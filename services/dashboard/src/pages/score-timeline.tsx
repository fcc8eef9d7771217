import { useMemo } from 'preact/hooks';

import { ScoreChart } from '../charts/time-series.tsx';
import { call, type Reply } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Card } from '../components/parts.tsx';
import { Segments } from '../components/segments.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatCount } from '../format/numbers.ts';
import { formatDuration, formatTime } from '../format/times.ts';
import { useChosenRange } from '../state/chosen-range.ts';
import { setQuery } from '../state/router.ts';
import { useLoad } from '../state/use-load.ts';
import { chartPoints } from './chart-points.ts';

type Timeline = Reply<'GET /v1/detectors/{detector}/timeline'>;
type Points = Reply<'GET /v1/detectors/{detector}/timeline/anomalies'>['points'];

const EVERY_MS = 5_000;
const POINTS = 700;
const MOST_ANOMALIES = 500;
const DAY_MS = 86_400_000;

/** Lengths of time up to the last event, to choose from. */
const spans: readonly (readonly [number | null, string])[] = [
  [DAY_MS / 24, '1 h'],
  [DAY_MS / 4, '6 h'],
  [DAY_MS, '1 d'],
  [7 * DAY_MS, '7 d'],
  [null, '31 d'],
];

/** Scores of a detector over time, which follow the stream unless a range is chosen. */
export function ScoreTimeline({ name }: { readonly name: string }) {
  const { key, span, isFollowing, ask } = useChosenRange(name);
  const { loaded, reload } = useLoad(
    key,
    async (signal) => {
      const asked = await ask(signal);
      const timeline = await call('GET /v1/detectors/{detector}/timeline', {
        params: { detector: name },
        query: { ...asked, points: POINTS },
        signal,
      });
      const { points } = await call('GET /v1/detectors/{detector}/timeline/anomalies', {
        params: { detector: name },
        query: { from: timeline.from, to: timeline.to, limit: MOST_ANOMALIES },
        signal,
      });
      return { timeline, points };
    },
    { everyMs: isFollowing ? EVERY_MS : null },
  );
  useNews(({ kind, data }) => isFollowing && kind === 'anomaly' && data.detector === name, reload, 2_000);
  return (
    <Card title="Surprise over time, bits" note={<Spans span={span} isFollowing={isFollowing} />}>
      <Show loaded={loaded} reload={reload} height={330}>
        {({ timeline, points }) =>
          timeline.buckets.length === 0 ? (
            <Blank title={timeline.stored === null ? 'No event has been scored yet.' : 'No events in this range.'}>
              <span>
                {timeline.stored === null
                  ? 'Scores appear here within seconds of the first event.'
                  : `Events are stored from ${formatTime(new Date(timeline.stored.first))} to ${formatTime(new Date(timeline.stored.last))}.`}
              </span>
            </Blank>
          ) : (
            <Chart name={name} timeline={timeline} points={points} />
          )
        }
      </Show>
    </Card>
  );
}

function Spans({ span, isFollowing }: { readonly span: number | null; readonly isFollowing: boolean }) {
  return (
    <Segments
      options={spans}
      chosen={isFollowing ? span : undefined}
      onChoose={(ms) => setQuery({ span: ms === null ? null : String(ms), from: null, to: null })}
      label="Range up to the last event"
      isSmall
    />
  );
}

function Chart({
  name,
  timeline,
  points,
}: {
  readonly name: string;
  readonly timeline: Timeline;
  readonly points: Points;
}) {
  const { buckets, seconds, marks } = timeline;
  const series = useMemo(
    () => ({
      ...{ buckets, seconds },
      points: chartPoints(points),
      marks: marks.map(({ at, modelVersion, detectorVersion }) => ({
        at,
        label: `${modelVersion === null ? 'no model' : `model ${modelVersion}`}, definition ${detectorVersion}`,
      })),
    }),
    [buckets, seconds, marks, points],
  );
  const zoom = (range: { readonly from: Date; readonly to: Date } | null): void =>
    setQuery({ from: range?.from.toISOString() ?? null, to: range?.to.toISOString() ?? null, span: null });
  const events = buckets.reduce((sum, bucket) => sum + bucket.events, 0);
  return (
    <ChartFigure
      name={`${name} scores`}
      columns={['start (UTC)', 'events', 'anomalies', 'expected', 'mean bits', 'least bits', 'most bits']}
      rows={() =>
        buckets.map((each) => [
          ...[each.at, each.events, each.anomalies, each.expected],
          ...[each.meanBits, each.minBits, each.maxBits],
        ])
      }
    >
      <ScoreChart
        series={series}
        onZoom={zoom}
        label={`Surprise of ${formatCount(events)} events of ${name} over time`}
      />
      <div class="chart-foot">
        <span class="actions">
          <span class="key">mean</span>
          <span class="key key-band">least to most surprising</span>
          <span class="key key-threshold">threshold</span>
          <span class="key key-dot">
            anomaly{points.length === MOST_ANOMALIES ? ` (the ${MOST_ANOMALIES} most surprising)` : ''}
          </span>
        </span>
        <span>
          {formatCount(events)} events in intervals of {formatDuration(seconds * 1_000)}
        </span>
      </div>
    </ChartFigure>
  );
}
