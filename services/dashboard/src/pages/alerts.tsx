import { useState } from 'preact/hooks';

import { call, type Item } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { FirstPage, NextPage } from '../components/paging.tsx';
import { Card } from '../components/parts.tsx';
import { SaveCsv } from '../components/save-csv.tsx';
import { Blank, Show } from '../components/states.tsx';
import { plural } from '../format/numbers.ts';
import { usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { AlertFilterBar } from './alert-filters.tsx';
import { type AlertFilters, commandOf, conditionsOf, filtersOf, isNarrowed, queryOf } from './alert-query.ts';
import { AlertTable } from './alert-table.tsx';
import { titleOf } from './alert-words.ts';
import { AlertsFrame } from './alerts-frame.tsx';
import { BulkActions, type Target } from './bulk-actions.tsx';

type Alert = Item<'GET /v1/alerts'>;

const PER_PAGE = 50;

/** Inbox of alerts. */
export function AlertsPage() {
  const { query } = usePlace();
  const filters = filtersOf(query);
  const asked = { ...queryOf(filters), cursor: query.get('after') ?? undefined, limit: PER_PAGE };
  const { loaded, reload } = useLoad(JSON.stringify(asked), (signal) =>
    call('GET /v1/alerts', { query: asked, signal }),
  );
  useNews(({ kind }) => kind === 'alert', reload);
  return (
    <AlertsFrame current="/alerts" sub="Runs of anomalies that people should know about, the latest first.">
      <AlertFilterBar />
      <Show loaded={loaded} reload={reload} height={420}>
        {({ items, next }) =>
          items.length === 0 ? (
            <NoAlerts filters={filters} />
          ) : (
            // Whatever is chosen is of the list that is shown.
            <Inbox key={JSON.stringify(asked)} items={items} next={next} filters={filters} onDone={reload} />
          )
        }
      </Show>
      <Cli command={commandOf(filters)} />
    </AlertsFrame>
  );
}

/** Said in place of a list without alerts. */
export function NoAlerts({ filters }: { readonly filters: AlertFilters }) {
  return (
    <Card title="Alerts">
      <Blank title={filters.state === 'open' && !isNarrowed(filters) ? 'Nothing is open.' : 'No alert matches.'}>
        <span>
          {isNarrowed(filters)
            ? 'Take a filter away to see more.'
            : 'An alert opens when events are too improbable for the false alarms that you allow.'}
        </span>
      </Blank>
    </Card>
  );
}

function Inbox({
  items,
  next,
  filters,
  onDone,
}: {
  readonly items: readonly Alert[];
  readonly next: string | null;
  readonly filters: AlertFilters;
  readonly onDone: () => void;
}) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [isEvery, setEvery] = useState(false);
  const may = mayOperate(useStore(session));
  const isLater = usePlace().query.has('after');
  const visible = items.filter(({ alertId }) => chosen.has(alertId));
  const choose = (ids: ReadonlySet<string>): void => {
    setEvery(false);
    setChosen(ids);
  };
  const targets: readonly Target[] = isEvery
    ? [{ where: conditionsOf(filters) }]
    : [{ alertIds: visible.map(({ alertId }) => alertId) }];
  const words = isEvery ? 'all alerts that match' : visible.length === 0 ? null : plural(visible.length, 'alert');
  return (
    <Card title={plural(items.length, 'alert')} flush note={next === null ? undefined : 'and more'}>
      {may && (
        <BulkActions
          words={words}
          targets={targets}
          onDone={() => {
            choose(new Set());
            onDone();
          }}
        />
      )}
      {may && !isEvery && visible.length === items.length && (next !== null || isLater) && (
        <p class="card-body small">
          All {items.length} of this page are chosen.{' '}
          <button type="button" class="button" onClick={() => setEvery(true)}>
            Choose all that match the filters
          </button>
        </p>
      )}
      <AlertTable items={items} choice={may ? { chosen, onChoose: choose } : null} />
      <div class="card-body actions">
        <FirstPage isLater={isLater} />
        <NextPage next={next} />
        <SaveCsv
          name="alerts"
          columns={['alert', 'severity', 'detector', 'entity', 'feature', 'what', 'bits', 'anomalies', 'first', 'last']}
          rows={items.map((alert) => [
            ...[alert.alertId, alert.severity, alert.detector, alert.entity, alert.feature, titleOf(alert)],
            ...[alert.peakBits, alert.count, alert.firstSeen, alert.lastSeen],
          ])}
        />
      </div>
    </Card>
  );
}
