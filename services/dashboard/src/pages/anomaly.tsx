import { call, type Reply } from '../client/call.ts';
import { Cli } from '../components/cli.tsx';
import { Feedback } from '../components/feedback.tsx';
import { Link } from '../components/link.tsx';
import { Card, Fact, Head } from '../components/parts.tsx';
import { Blank, Show } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { formatBits, formatCount, formatP } from '../format/numbers.ts';
import { useLoad } from '../state/use-load.ts';
import { AnomalyRows } from './anomaly-rows.tsx';
import { AsRule, RuleName } from './as-rule.tsx';
import { ConditionalCard } from './conditional-card.tsx';
import { exploreAddress } from './explore-address.ts';
import { Explanation } from './explanation.tsx';
import { WhatElse } from './what-else.tsx';

type Anomaly = Reply<'GET /v1/anomalies/{anomalyId}'>;

const MOST_LISTED = 8;

/** Anomaly: the sentence, its features beside what was expected, and what is like it. */
export function AnomalyPage({ id }: { readonly id: string }) {
  const params = { anomalyId: Number(id) };
  const { loaded, reload } = useLoad(id, async (signal) => {
    const anomaly = await call('GET /v1/anomalies/{anomalyId}', { params, signal });
    const [{ items }, alike] = await Promise.all([
      call('GET /v1/anomalies/{anomalyId}/feedback', { params, signal }),
      anomaly.topFeature === null
        ? null
        : call('GET /v1/anomalies', { query: alikeOf(anomaly, anomaly.topFeature), signal }),
    ]);
    const others = (all: readonly Anomaly[]) => all.filter((each) => each.anomalyId !== anomaly.anomalyId);
    return { anomaly, feedback: items, alike: others(alike?.items ?? []) };
  });
  return (
    <Show loaded={loaded} reload={reload} height={520}>
      {({ anomaly, feedback, alike }) => (
        <>
          <Head title="Anomaly" sub={<Where anomaly={anomaly} />}>
            <AsRule anomalyId={anomaly.anomalyId} />
            <Link to={exploreAddress(anomaly)} class="button">
              Explore
            </Link>
          </Head>
          <p class="sentence">{anomaly.summary}</p>
          <Facts anomaly={anomaly} />
          <Explanation anomaly={anomaly} title="Observed, beside what was expected" isOwnPage />
          {anomaly.topFeature !== null && <ConditionalCard anomaly={anomaly} feature={anomaly.topFeature} />}
          <div class="grid-2">
            <Feedback
              id={id}
              given={feedback}
              give={async (verdict, note) => {
                await call('POST /v1/anomalies/{anomalyId}/feedback', { params, body: { verdict, note } });
                reload();
              }}
            />
            <AsItCame anomaly={anomaly} />
          </div>
          <WhatElse anomaly={anomaly} />
          <Alike anomaly={anomaly} items={alike} />
          <Cli
            command={`flowline anomalies --detector ${anomaly.detector} --event '${anomaly.eventId.replaceAll("'", `'\\''`)}'`}
          />
        </>
      )}
    </Show>
  );
}

const alikeOf = ({ detector }: Anomaly, feature: string) =>
  ({ detector, feature, order: 'surprise', limit: MOST_LISTED + 1 }) as const;

function Where({ anomaly: { detector, entity, eventTime, alertId, suppressedBy } }: { readonly anomaly: Anomaly }) {
  return (
    <span class="actions dotted">
      <Link to={`/detectors/${detector}`} class="link">
        {detector}
      </Link>
      {entity !== null && <span>{entity}</span>}
      <Time at={eventTime} />
      {alertId !== null && (
        <Link to={`/alerts/${alertId}`} class="link">
          its alert
        </Link>
      )}
      {suppressedBy !== null && (
        <span>
          kept out of alerts by <RuleName of={suppressedBy} />
        </span>
      )}
    </span>
  );
}

/** Origin of a p-value too small to be counted, in words. */
const methodWords: Readonly<Record<string, string>> = { tail: 'by the fitted tail', floor: 'or less' };

function Facts({ anomaly }: { readonly anomaly: Anomaly }) {
  const { surpriseBits, pValue, pMethod, reason, modelVersion, detectorVersion } = anomaly;
  const oneIn = pValue > 0 ? Math.round(1 / pValue) : Infinity;
  return (
    <dl class="facts">
      <Fact name="Surprise">
        {formatBits(surpriseBits)} <small>bits</small>
      </Fact>
      <Fact name="p-value">
        {formatP(pValue)}{' '}
        <small>
          {Number.isSafeInteger(oneIn) && oneIn < 1e9
            ? `one in ${formatCount(oneIn)} normal events`
            : (methodWords[pMethod] ?? pMethod)}
        </small>
      </Fact>
      <Fact name="Reason">{reason.replaceAll('_', ' ')}</Fact>
      <Fact name="Scored by">
        model {modelVersion} <small>of definition {detectorVersion}</small>
      </Fact>
    </dl>
  );
}

function AsItCame({ anomaly }: { readonly anomaly: Anomaly }) {
  const { topic, partition, offset, eventId, scoredAt } = anomaly;
  return (
    <Card title="The event" note={`${topic} [${partition}] @ ${offset}`}>
      <dl class="life" style={{ marginBottom: '0.7rem' }}>
        <dt>Id</dt>
        <dd class="mono">{eventId}</dd>
        <dt>Scored</dt>
        <dd>
          <Time at={scoredAt} />
        </dd>
      </dl>
      <pre class="raw mono" tabIndex={0} aria-label="Values of the features of the event">
        {JSON.stringify(anomaly.observed, null, 2)}
      </pre>
    </Card>
  );
}

/** Anomalies due to the same feature, the most surprising first. */
function Alike({ anomaly: { topFeature }, items }: { readonly anomaly: Anomaly; readonly items: readonly Anomaly[] }) {
  return (
    <Card title={`Past alike: ${topFeature ?? 'the same feature'}`} note="the most surprising first" flush>
      {items.length === 0 ? <Blank title="No other anomaly." /> : <AnomalyRows items={items.slice(0, MOST_LISTED)} />}
    </Card>
  );
}
