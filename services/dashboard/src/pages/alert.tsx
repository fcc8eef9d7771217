import { useState } from 'preact/hooks';

import { type ApiProblem, call, type Reply } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { Feedback } from '../components/feedback.tsx';
import { Link } from '../components/link.tsx';
import { Card, Head, Severity } from '../components/parts.tsx';
import { ProblemNote, Show } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { formatBits, plural } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { useStore } from '../state/store.ts';
import { toProblem, useLoad } from '../state/use-load.ts';
import { stateOf, titleOf } from './alert-words.ts';
import { AnomalyRows } from './anomaly-rows.tsx';
import { AsRule } from './as-rule.tsx';
import { Explanation } from './explanation.tsx';

/** Anomalies among which the one that the sentence is about is looked for. */
const MOST_EQUAL = 50;

type Alert = Reply<'GET /v1/alerts/{alertId}'>;

/** Alert: the sentence, the worst anomaly of it, its life, and what people say. */
export function AlertPage({ id }: { readonly id: string }) {
  const params = { alertId: id };
  const { loaded, reload } = useLoad(id, async (signal) => {
    const [alert, { items }] = await Promise.all([
      call('GET /v1/alerts/{alertId}', { params, signal }),
      call('GET /v1/alerts/{alertId}/feedback', { params, signal }),
    ]);
    const query = { detector: alert.detector, alert: id, order: 'surprise', limit: MOST_EQUAL } as const;
    const { items: worstOnes } = await call('GET /v1/anomalies', { query, signal });
    const worst = worstOnes.find(({ summary }) => summary === alert.summary) ?? worstOnes.at(0) ?? null;
    return { alert, feedback: items, worst };
  });
  useNews(({ kind, data }) => kind === 'alert' && data.alertId === id, reload);
  return (
    <Show loaded={loaded} reload={reload} height={520}>
      {({ alert, feedback, worst }) => (
        <>
          <Head title="Alert" sub={<Where alert={alert} />}>
            <Actions alert={alert} onDone={reload} />
            {worst !== null && <AsRule anomalyId={worst.anomalyId} />}
          </Head>
          <p class="sentence">{titleOf(alert)}</p>
          {worst !== null && <Explanation anomaly={worst} title="The worst of it, beside what was expected" />}
          <div class="grid-2">
            <Life alert={alert} />
            <Feedback
              id={id}
              given={feedback}
              give={async (verdict, note) => {
                await call('POST /v1/alerts/{alertId}/feedback', { params, body: { verdict, note } });
                reload();
              }}
            />
          </div>
          {alert.anomalies.items.length > 0 && (
            <Card title={`Its latest ${plural(alert.anomalies.items.length, 'anomaly')}`} flush>
              <AnomalyRows items={alert.anomalies.items} />
            </Card>
          )}
          <Cli command={`flowline alerts show ${id}`} />
        </>
      )}
    </Show>
  );
}

function Where({ alert: { detector, entity, feature, severity, ...alert } }: { readonly alert: Alert }) {
  return (
    <span class="actions dotted">
      <Severity of={severity} />
      <Link to={`/detectors/${detector}`} class="link">
        {detector}
      </Link>
      {entity !== null && <span>{entity}</span>}
      {feature !== null && <span>{feature}</span>}
      <span>{stateOf(alert)}</span>
    </span>
  );
}

function Life({ alert }: { readonly alert: Alert }) {
  const { state, firstSeen, lastSeen, count, peakBits, messages, resolvedAt } = alert;
  const { acknowledgedAt, acknowledgedBy, snoozedUntil } = alert;
  const lasted = new Date(lastSeen).getTime() - new Date(firstSeen).getTime();
  return (
    <Card title="Its life" note="Times are those of the events.">
      <dl class="life">
        <dt>Opened</dt>
        <dd>
          <Time at={firstSeen} />
        </dd>
        <dt>Last anomaly</dt>
        <dd>
          <Time at={lastSeen} />
          {lasted >= 1_000 && <span class="muted">, {formatDuration(lasted)} later</span>}
        </dd>
        <dt>Anomalies</dt>
        <dd>
          {count}
          {peakBits > 0 && <span class="muted">, the worst of {formatBits(peakBits)} bits</span>}
        </dd>
        <dt>Messages</dt>
        <dd>{messages === 0 ? 'none sent' : plural(messages, 'message')}</dd>
        {acknowledgedAt !== null && (
          <>
            <dt>Seen</dt>
            <dd>
              <Time at={acknowledgedAt} /> by {acknowledgedBy ?? 'somebody'}
            </dd>
          </>
        )}
        {snoozedUntil !== null && (
          <>
            <dt>Snoozed until</dt>
            <dd>
              <Time at={snoozedUntil} />
            </dd>
          </>
        )}
        <dt>Resolved</dt>
        <dd>
          {state === 'open' && (resolvedAt === null ? 'not yet' : 'not yet; reopened after ')}
          {resolvedAt !== null && <Time at={resolvedAt} />}
        </dd>
      </dl>
    </Card>
  );
}

const SNOOZE_MS = 3_600_000;

function Actions({ alert, onDone }: { readonly alert: Alert; readonly onDone: () => void }) {
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const may = mayOperate(useStore(session));
  if (!may) return <span class="muted small">Read only: acting needs a token with the scope operate.</span>;
  const params = { alertId: alert.alertId };
  const act = (done: Promise<unknown>): void => {
    setProblem(null);
    done.then(onDone, (error: unknown) => setProblem(toProblem(error)));
  };
  const isSnoozed = alert.snoozedUntil !== null && new Date(alert.snoozedUntil).getTime() > Date.now();
  const until = isSnoozed ? null : new Date(Date.now() + SNOOZE_MS).toISOString();
  const isOpen = alert.state === 'open';
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={alert.acknowledgedAt !== null}
        onClick={() => act(call('POST /v1/alerts/{alertId}/ack', { params }))}
      >
        Acknowledge
      </button>
      <button
        type="button"
        class="button"
        disabled={!isOpen}
        onClick={() => act(call('POST /v1/alerts/{alertId}/snooze', { params, body: { until } }))}
      >
        {isSnoozed ? 'End the snooze' : 'Snooze for 1 h'}
      </button>
      <button
        type="button"
        class="button"
        disabled={!isOpen}
        onClick={() => act(call('POST /v1/alerts/{alertId}/resolve', { params }))}
      >
        Resolve
      </button>
      {problem !== null && <ProblemNote problem={problem} />}
    </>
  );
}
