import type { Item } from '../client/call.ts';
import { Link } from '../components/link.tsx';
import { Severity } from '../components/parts.tsx';
import { TableBox } from '../components/table-box.tsx';
import { Time } from '../components/time.tsx';
import { formatBits, formatCount } from '../format/numbers.ts';
import { formatDuration } from '../format/times.ts';
import { stateOf, titleOf } from './alert-words.ts';

type Alert = Item<'GET /v1/alerts'>;

/** Alerts as a table, whose rows can be chosen. */
export function AlertTable({
  items,
  chosen,
  onChoose,
}: {
  readonly items: readonly Alert[];
  /** Ids of the alerts that are chosen; null if none can be. */
  readonly chosen: ReadonlySet<string> | null;
  readonly onChoose: (ids: ReadonlySet<string>) => void;
}) {
  const isAll = chosen !== null && items.every(({ alertId }) => chosen.has(alertId));
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            {chosen !== null && (
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Choose all alerts of this page"
                  checked={isAll}
                  onChange={() => onChoose(new Set(isAll ? [] : items.map(({ alertId }) => alertId)))}
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
              {chosen !== null && (
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Choose the alert ${titleOf(alert).slice(0, 80)}`}
                    checked={chosen.has(alert.alertId)}
                    onChange={() => onChoose(toggled(chosen, alert.alertId))}
                  />
                </td>
              )}
              <AlertCells alert={alert} />
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

/** Set with an element more, or without it if it was there. */
export function toggled(set: ReadonlySet<string>, one: string): ReadonlySet<string> {
  const changed = new Set(set);
  if (!changed.delete(one)) changed.add(one);
  return changed;
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
