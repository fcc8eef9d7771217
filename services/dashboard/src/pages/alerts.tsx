import { useState } from 'preact/hooks';

import { type ApiProblem, call, type Item } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli, quoted } from '../components/cli.tsx';
import { Link } from '../components/link.tsx';
import { Card, Head, severities, Severity } from '../components/parts.tsx';
import { Blank, ProblemNote, Show } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits, formatCount, plural } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { setQuery, usePlace, useQueryText } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { toProblem, useLoad } from '../state/use-load.ts';
import { stateOf, titleOf } from './alert-words.ts';

type Alert = Item<'GET /v1/alerts'>;

const PER_PAGE = 50;

/** Filters of the inbox, as its address has them. */
function useFilters() {
  const { query } = usePlace();
  const state: 'open' | 'resolved' | 'all' =
    (['resolved', 'all'] as const).find((one) => one === query.get('state')) ?? 'open';
  const severity = severities.find((known) => known === query.get('severity'));
  const kind = (['density', 'out_of_domain', 'absence', 'storm'] as const).find((one) => one === query.get('kind'));
  const optional = (name: string): string | undefined => query.get(name) ?? undefined;
  return {
    ...{ state, severity, kind },
    detector: optional('detector'),
    entity: optional('entity'),
    cursor: optional('after'),
    acknowledged: query.get('seen') === 'no' ? ('false' as const) : undefined,
  } as const;
}

/** Inbox of alerts. */
export function AlertsPage() {
  const { state, ...filters } = useFilters();
  const wanted: 'open' | 'resolved' | undefined = state === 'all' ? undefined : state;
  const asked = { ...filters, state: wanted };
  const { loaded, reload } = useLoad(JSON.stringify(asked), (signal) =>
    call('GET /v1/alerts', {
      query: { ...asked, limit: PER_PAGE },
      signal,
    }),
  );
  useNews(({ kind }) => kind === 'alert', reload);
  const options = [
    ...(state === 'all' ? [] : ['--state', state]),
    ...(filters.detector === undefined ? [] : ['--detector', quoted(filters.detector)]),
    ...(filters.severity === undefined ? [] : ['--severity', filters.severity]),
  ];
  return (
    <>
      <Head title="Alerts" sub="Runs of anomalies that people should know about, the latest first." />
      <Filters state={state} />
      <Show loaded={loaded} reload={reload} height={420}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Card title="Alerts">
              <Blank title={state === 'open' ? 'Nothing is open.' : 'No alert matches.'}>
                <span>
                  {Object.values(filters).some((one) => one !== undefined)
                    ? 'Take a filter away to see more.'
                    : 'An alert opens when events are too improbable for the false alarms that you allow.'}
                </span>
              </Blank>
            </Card>
          ) : (
            <Inbox items={items} next={next} onDone={reload} />
          )
        }
      </Show>
      <Cli command={['flowline alerts ls', ...options].join(' ')} />
    </>
  );
}

function Filters({ state }: { readonly state: string }) {
  const { query } = usePlace();
  const [entity, setEntity] = useQueryText('entity');
  const [detector, setDetector] = useQueryText('detector');
  return (
    <div class="filters" role="search" aria-label="Filters">
      {(['open', 'resolved', 'all'] as const).map((one) => (
        <button
          key={one}
          type="button"
          class="button"
          aria-pressed={state === one}
          onClick={() => setQuery({ state: one === 'open' ? null : one, after: null })}
        >
          {{ open: 'Open', resolved: 'Resolved', all: 'All' }[one]}
        </button>
      ))}
      <Select
        label="Severity"
        name="severity"
        values={severities.map((one) => [one, one] as const)}
        value={query.get('severity')}
      />
      <Select
        label="Kind"
        name="kind"
        values={[
          ['density', 'improbable'],
          ['out_of_domain', 'out of domain'],
          ['absence', 'silence'],
          ['storm', 'storm'],
        ]}
        value={query.get('kind')}
      />
      <Select label="Seen" name="seen" values={[['no', 'by nobody']]} value={query.get('seen')} />
      <label>
        Detector
        <input class="input" value={detector} onInput={(event) => setDetector(event.currentTarget.value)} size={14} />
      </label>
      <label>
        Entity
        <input class="input" value={entity} onInput={(event) => setEntity(event.currentTarget.value)} size={12} />
      </label>
    </div>
  );
}

function Select({
  label,
  name,
  values,
  value,
}: {
  readonly label: string;
  readonly name: string;
  readonly values: readonly (readonly [string, string])[];
  readonly value: string | null;
}) {
  return (
    <label>
      {label}
      <select
        class="select"
        value={value ?? ''}
        onChange={(event) => setQuery({ [name]: event.currentTarget.value, after: null })}
      >
        <option value="">any</option>
        {values.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Inbox({
  items,
  next,
  onDone,
}: {
  readonly items: readonly Alert[];
  readonly next: string | null;
  readonly onDone: () => void;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const may = mayOperate(useStore(session));
  const toggle = (id: string): void => {
    const changed = new Set(chosen);
    if (!changed.delete(id)) changed.add(id);
    setChosen(changed);
  };
  const visible = items.filter(({ alertId }) => chosen.has(alertId));
  const isAll = items.every(({ alertId }) => chosen.has(alertId));
  return (
    <Card title={plural(items.length, 'alert')} flush note={next === null ? undefined : 'the first page'}>
      {may && (
        <Bulk
          alerts={visible}
          onDone={() => {
            setChosen(new Set());
            onDone();
          }}
        />
      )}
      <TableBox>
        <table class="table table-stack">
          <thead>
            <tr>
              {may && (
                <th scope="col">
                  <input
                    type="checkbox"
                    aria-label="Choose all alerts of this page"
                    checked={isAll}
                    onChange={() => setChosen(new Set(isAll ? [] : items.map(({ alertId }) => alertId)))}
                  />
                </th>
              )}
              <th scope="col">Severity</th>
              <th scope="col">What</th>
              <th scope="col" class="number">
                Bits
              </th>
              <th scope="col" class="number">
                Anomalies
              </th>
              <th scope="col">Last</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {items.map((alert) => (
              <tr key={alert.alertId}>
                {may && (
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Choose the alert ${titleOf(alert).slice(0, 80)}`}
                      checked={chosen.has(alert.alertId)}
                      onChange={() => toggle(alert.alertId)}
                    />
                  </td>
                )}
                <AlertCells alert={alert} />
              </tr>
            ))}
          </tbody>
        </table>
      </TableBox>
      {next !== null && (
        <div class="card-body">
          <button type="button" class="button" onClick={() => setQuery({ after: next })}>
            Next page
          </button>
        </div>
      )}
    </Card>
  );
}

function AlertCells({ alert }: { readonly alert: Alert }) {
  const { alertId, severity, detector, entity, feature, peakBits, count, firstSeen, lastSeen } = alert;
  const lasted = new Date(lastSeen).getTime() - new Date(firstSeen).getTime();
  return (
    <>
      <td data-name="Severity">
        <Severity of={severity} />
      </td>
      <td class="main-cell">
        <Link to={`/alerts/${alertId}`} data-row class="clip">
          {titleOf(alert)}
        </Link>
        <div class="small muted clip">{[detector, entity, feature].filter((part) => part !== null).join(' · ')}</div>
      </td>
      <td class="number" data-name="Bits">
        {peakBits > 0 ? formatBits(peakBits) : '–'}
      </td>
      <td class="number" data-name="Anomalies">
        {formatCount(count)}
      </td>
      <td data-name="Last">
        <Time at={lastSeen} />
        {lasted >= 1_000 && <div class="small muted">over {formatDuration(lasted)}</div>}
      </td>
      <td data-name="State">{stateOf(alert)}</td>
    </>
  );
}

const HOUR_MS = 3_600_000;

function Bulk({ alerts, onDone }: { readonly alerts: readonly Alert[]; readonly onDone: () => void }) {
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const act = (one: (alertId: string) => Promise<unknown>): void => {
    setBusy(true);
    setProblem(null);
    const all = async (): Promise<void> => {
      for (const { alertId } of alerts) await one(alertId);
    };
    all()
      .then(onDone, (error: unknown) => setProblem(toProblem(error)))
      .finally(() => setBusy(false));
  };
  const disabled = isBusy || alerts.length === 0;
  const until = (): string => new Date(Date.now() + HOUR_MS).toISOString();
  return (
    <div class="card-body actions">
      <span class="muted small">{alerts.length === 0 ? 'Choose alerts to' : `${plural(alerts.length, 'alert')}:`}</span>
      <button
        type="button"
        class="button"
        disabled={disabled}
        onClick={() => act((alertId) => call('POST /v1/alerts/{alertId}/ack', { params: { alertId } }))}
      >
        Acknowledge
      </button>
      <button
        type="button"
        class="button"
        disabled={disabled}
        onClick={() =>
          act((alertId) => call('POST /v1/alerts/{alertId}/snooze', { params: { alertId }, body: { until: until() } }))
        }
      >
        Snooze for 1 h
      </button>
      <button
        type="button"
        class="button"
        disabled={disabled}
        onClick={() => act((alertId) => call('POST /v1/alerts/{alertId}/resolve', { params: { alertId } }))}
      >
        Resolve
      </button>
      {problem !== null && <ProblemNote problem={problem} />}
    </div>
  );
}
