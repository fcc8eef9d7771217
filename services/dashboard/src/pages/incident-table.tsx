import type { Item } from '../client/call.ts';
import { type Choice, ChoiceCell, ChoiceHead } from '../components/choice.tsx';
import { LastCell } from '../components/last-cell.tsx';
import { Link } from '../components/link.tsx';
import { severities, Severity } from '../components/parts.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits, formatCount, plural } from '../format/numbers.ts';
import { withoutBits } from '../format/summary.ts';
import { addressOfFilters, type AlertFilters, filtersOfIncident, type Grouping } from './alert-query.ts';
import { titleOf } from './alert-words.ts';

type Incident = Item<'GET /v1/incidents'>;

/** Address of an incident: its only alert, or its alerts in the inbox. */
export function addressOfIncident(incident: Incident, filters: AlertFilters, by: Grouping): string {
  if (incident.alerts === 1) return `/alerts/${incident.worst.alertId}`;
  return addressOfFilters('/alerts', filtersOfIncident(incident, filters, by));
}

interface TableProps {
  readonly items: readonly Incident[];
  readonly filters: AlertFilters;
  readonly by: Grouping;
  /** Ids of the incidents that are chosen; null if none can be. */
  readonly choice: Choice | null;
}

/** Incidents as a table, whose rows can be chosen. */
export function IncidentTable({ items, filters, by, choice }: TableProps) {
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            {choice !== null && (
              <ChoiceHead
                choice={choice}
                ids={items.map(({ incidentId }) => incidentId)}
                label="Choose all incidents of this page"
              />
            )}
            <th scope="col">Severity</th>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Alerts
            </th>
            <th scope="col" class="number">
              Bits
            </th>
            <th scope="col">Last</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {items.map((incident) => (
            <tr key={incident.incidentId}>
              {choice !== null && (
                <ChoiceCell
                  choice={choice}
                  id={incident.incidentId}
                  label={`Choose the incident ${titleOf(incident.worst).slice(0, 80)}`}
                />
              )}
              <Cells incident={incident} to={addressOfIncident(incident, filters, by)} />
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function Cells({ incident, to }: { readonly incident: Incident; readonly to: string }) {
  const { severity, worst, alerts, unseen, anomalies, peakBits, firstSeen, lastSeen } = incident;
  return (
    <>
      <td data-name="Severity">
        <Severity of={severity} />
      </td>
      <td class="main-cell">
        <Link to={to} data-row class="clip">
          {withoutBits(titleOf(worst))}
        </Link>
        <div class="small muted clip">{aboutOf(incident)}</div>
      </td>
      <td class="number" data-name="Alerts">
        {formatCount(alerts)}
        <div class="small muted">{plural(anomalies, 'anomaly')}</div>
      </td>
      <td class="number" data-name="Bits">
        {peakBits > 0 ? formatBits(peakBits) : '–'}
      </td>
      <LastCell firstSeen={firstSeen} lastSeen={lastSeen} />
      <td data-name="State" class="state-cell">
        {incident.open === 0 ? 'resolved' : `${formatCount(incident.open)} open`}
        <div class="small muted">{unseen === 0 ? 'all seen' : `${formatCount(unseen)} unseen`}</div>
      </td>
    </>
  );
}

/** Line about an incident: whose alerts, how severe, and about which features. */
function aboutOf({ detectors, entity, entities, alerts, severities: counts, features }: Incident): string {
  const others = alerts > 1 ? [`and ${plural(alerts - 1, 'other')}`] : [];
  const whose = entity === null ? (entities > 1 ? [`${formatCount(entities)} entities`] : []) : [entity];
  const bySeverity = severities
    .filter((severity) => alerts > 1 && counts[severity] !== undefined)
    .map((severity) => `${formatCount(counts[severity] ?? 0)}\u00a0${severity}`);
  const byFeature = features.map(({ feature, alerts: of }) =>
    alerts > 1 ? `${feature}\u00a0${formatCount(of)}` : feature,
  );
  return [
    ...others,
    detectors.join(', '),
    ...whose,
    ...(bySeverity.length > 1 ? [bySeverity.join(', ')] : []),
    ...(byFeature.length > 0 ? [byFeature.join(', ')] : []),
  ].join(' · ');
}
