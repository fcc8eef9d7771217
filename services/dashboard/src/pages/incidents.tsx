import { useState } from 'preact/hooks';

import { IncidentLanes } from '../charts/incident-lanes.tsx';
import { call, type Item } from '../client/call.ts';
import { useNews } from '../client/live.ts';
import { mayOperate, session } from '../client/session.ts';
import { Cli } from '../components/cli.tsx';
import { FirstPage, NextPage } from '../components/paging.tsx';
import { Card } from '../components/parts.tsx';
import { SaveCsv } from '../components/save-csv.tsx';
import { Segments } from '../components/segments.tsx';
import { Show } from '../components/states.tsx';
import { plural } from '../format/numbers.ts';
import { navigate, setQuery, usePlace } from '../state/router.ts';
import { useStore } from '../state/store.ts';
import { useLoad } from '../state/use-load.ts';
import { AlertFilterBar } from './alert-filters.tsx';
import {
  type AlertFilters,
  commandOf,
  conditionsOf,
  filtersOf,
  filtersOfIncident,
  type Grouping,
  queryOf,
} from './alert-query.ts';
import { titleOf } from './alert-words.ts';
import { NoAlerts } from './alerts.tsx';
import { AlertsFrame } from './alerts-frame.tsx';
import { BulkActions } from './bulk-actions.tsx';
import { addressOfIncident, IncidentTable } from './incident-table.tsx';

type Incident = Item<'GET /v1/incidents'>;

const PER_PAGE = 50;
const groupings = [
  ['detector', 'By detector'],
  ['entity', 'By entity'],
] as const;

/** Alerts that belong together: of one detector or entity, and of one time. */
export function IncidentsPage() {
  const { query } = usePlace();
  const filters = filtersOf(query);
  const by: Grouping = query.get('by') === 'entity' ? 'entity' : 'detector';
  const asked = { ...queryOf(filters), by, cursor: query.get('after') ?? undefined, limit: PER_PAGE };
  const { loaded, reload } = useLoad(JSON.stringify(asked), (signal) =>
    call('GET /v1/incidents', { query: asked, signal }),
  );
  useNews(({ kind }) => kind === 'alert', reload, 2_000);
  return (
    <AlertsFrame
      current="/incidents"
      sub={`Alerts of one ${by} that overlap, or are at most 5 min apart, are one incident.`}
    >
      <AlertFilterBar>
        <Segments
          options={groupings}
          chosen={by}
          onChoose={(one) => setQuery({ by: one === 'detector' ? null : one, after: null })}
          label="Group by"
        />
      </AlertFilterBar>
      <Show loaded={loaded} reload={reload} height={420}>
        {({ items, next }) =>
          items.length === 0 ? (
            <NoAlerts filters={filters} />
          ) : (
            <Incidents key={JSON.stringify(asked)} {...{ items, next, filters, by }} onDone={reload} />
          )
        }
      </Show>
      <Cli command={commandOf(filters)} />
    </AlertsFrame>
  );
}

interface IncidentsProps {
  readonly items: readonly Incident[];
  readonly next: string | null;
  readonly filters: AlertFilters;
  readonly by: Grouping;
  readonly onDone: () => void;
}

function Incidents({ items, next, filters, by, onDone }: IncidentsProps) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const may = mayOperate(useStore(session));
  const isLater = usePlace().query.has('after');
  const visible = items.filter(({ incidentId }) => chosen.has(incidentId));
  const alerts = visible.reduce((sum, each) => sum + each.alerts, 0);
  const words = visible.length === 0 ? null : `${plural(alerts, 'alert')} of ${plural(visible.length, 'incident')}`;
  return (
    <>
      <Card title="When they were" note="Times are those of the events.">
        <IncidentLanes
          incidents={items.map((incident) => ({
            ...{ id: incident.incidentId, severity: incident.severity },
            ...{ firstMs: Date.parse(incident.firstSeen), lastMs: Date.parse(incident.lastSeen) },
            label: `${plural(incident.alerts, 'alert')}: ${titleOf(incident.worst)}`,
            onOpen: () => navigate(addressOfIncident(incident, filters, by)),
          }))}
        />
      </Card>
      <Card title={plural(items.length, 'incident')} flush note={next === null ? undefined : 'and more'}>
        {may && (
          <BulkActions
            words={words}
            targets={visible.map((incident) => ({ where: conditionsOf(filtersOfIncident(incident, filters, by)) }))}
            onDone={() => {
              setChosen(new Set());
              onDone();
            }}
          />
        )}
        <IncidentTable {...{ items, filters, by }} choice={may ? { chosen, onChoose: setChosen } : null} />
        <div class="card-body actions">
          <FirstPage isLater={isLater} />
          <NextPage next={next} />
          <Csv items={items} />
        </div>
      </Card>
    </>
  );
}

function Csv({ items }: { readonly items: readonly Incident[] }) {
  return (
    <SaveCsv
      name="incidents"
      columns={['first', 'last', 'severity', 'alerts', 'unseen', 'anomalies', 'entities', 'detectors', 'worst']}
      rows={items.map(({ firstSeen, lastSeen, severity, alerts, unseen, anomalies, entities, detectors, worst }) => [
        ...[firstSeen, lastSeen, severity, alerts, unseen, anomalies, entities, detectors.join(' ')],
        titleOf(worst),
      ])}
    />
  );
}
