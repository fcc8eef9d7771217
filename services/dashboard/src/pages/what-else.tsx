import { useMemo } from 'preact/hooks';

import { ScoreChart } from '../charts/time-series.tsx';
import { call, type Item, type Reply } from '../client/call.ts';
import { session } from '../client/session.ts';
import { ChartFigure } from '../components/chart-figure.tsx';
import { Card } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { formatCount } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { AnomalyRows } from './anomaly-rows.tsx';
import { chartPoints } from './chart-points.ts';

type Anomaly = Item<'GET /v1/anomalies'>;
type Points = Reply<'GET /v1/detectors/{detector}/timeline/anomalies'>['points'];
type Timeline = Reply<'GET /v1/detectors/{detector}/timeline'>;

const HOUR_MS = 3_600_000;
/** Time before and after an anomaly: of the chart, and of what is listed. */
const [CHART_MS, LISTED_MS] = [12 * HOUR_MS, HOUR_MS / 2];
const POINTS = 200;
const [MOST_MARKED, MOST_LISTED] = [200, 8];

/** Scores around an anomaly, and others near it in time, of every detector that may be seen. */
export function WhatElse({ anomaly }: { readonly anomaly: Anomaly }) {
  const { anomalyId, detector, eventTime } = anomaly;
  const current = useStore(session);
  const isOfAll = current !== null && current !== 'unknown' && current.detectors === null;
  const { loaded, reload } = useLoad(`${anomalyId} ${isOfAll}`, async (signal) => {
    const [timeline, marked, near] = await Promise.all([
      call('GET /v1/detectors/{detector}/timeline', {
        params: { detector },
        query: { ...around(eventTime, CHART_MS), points: POINTS },
        signal,
      }),
      call('GET /v1/detectors/{detector}/timeline/anomalies', {
        params: { detector },
        query: { ...around(eventTime, CHART_MS), limit: MOST_MARKED },
        signal,
      }),
      call('GET /v1/anomalies', {
        query: { ...(isOfAll ? {} : { detector }), ...around(eventTime, LISTED_MS), limit: MOST_LISTED + 1 },
        signal,
      }),
    ]);
    return { timeline, marked: marked.points, near: near.items.filter((each) => each.anomalyId !== anomalyId) };
  });
  return (
    <Card
      title="What else happened then"
      note={`${formatDuration(CHART_MS)} before and after; below, within half an hour`}
      flush
    >
      <Show loaded={loaded} reload={reload} height={380}>
        {({ timeline, marked, near }) => (
          <>
            {timeline.buckets.length > 0 && (
              <div class="card-body">
                <Around anomaly={anomaly} timeline={timeline} marked={marked} />
              </div>
            )}
            {near.length === 0 ? (
              <Blank title={`No other anomaly within half an hour${isOfAll ? ', of any detector' : ''}.`} />
            ) : (
              <AnomalyRows items={near.slice(0, MOST_LISTED)} showsDetector={isOfAll} />
            )}
          </>
        )}
      </Show>
    </Card>
  );
}

function around(eventTime: string, lengthMs: number): { readonly from: string; readonly to: string } {
  const at = new Date(eventTime).getTime();
  return { from: new Date(at - lengthMs).toISOString(), to: new Date(at + lengthMs).toISOString() };
}

function Around({
  anomaly: { anomalyId, detector, eventTime },
  timeline: { buckets, seconds, marks },
  marked,
}: {
  readonly anomaly: Anomaly;
  readonly timeline: Timeline;
  readonly marked: Points;
}) {
  const series = useMemo(
    () => ({
      ...{ buckets, seconds, marks: marksOf(eventTime, marks) },
      points: chartPoints(marked),
    }),
    [buckets, seconds, marks, marked, eventTime],
  );
  const events = buckets.reduce((sum, bucket) => sum + bucket.events, 0);
  return (
    <ChartFigure
      name={`${detector} around anomaly ${anomalyId}`}
      columns={['start (UTC)', 'events', 'anomalies', 'mean bits', 'most bits']}
      rows={() => buckets.map((each) => [each.at, each.events, each.anomalies, each.meanBits, each.maxBits])}
    >
      <ScoreChart series={series} label={`Surprise of ${formatCount(events)} events around the anomaly`} height={170} />
      <div class="chart-foot">
        <span class="actions">
          <span class="key">mean</span>
          <span class="key key-band">least to most surprising</span>
          <span class="key key-threshold">threshold</span>
          <span class="key key-dot">anomaly</span>
        </span>
        <span>
          {formatCount(events)} events of {detector}
        </span>
      </div>
    </ChartFigure>
  );
}

/** The anomaly, and each change of the model or the definition near it. */
const marksOf = (eventTime: string, marks: Timeline['marks']) => [
  { at: eventTime, label: 'this one' },
  ...marks.slice(1).map(({ at, modelVersion, detectorVersion }) => ({
    ...{ at, label: `model ${modelVersion ?? 'none'}, definition ${detectorVersion}` },
  })),
];
