import type { Item } from '../client/call.ts';
import { type Choice, ChoiceCell, ChoiceHead } from '../components/choice.tsx';
import { LastCell } from '../components/last-cell.tsx';
import { Link } from '../components/link.tsx';
import { Severity } from '../components/parts.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits, formatCount } from '../format/numbers.ts';
import { withoutBits } from '../format/summary.ts';
import { stateOf, titleOf } from './alert-words.ts';

type Alert = Item<'GET /v1/alerts'>;

interface TableProps {
  readonly items: readonly Alert[];
  /** Ids of the alerts that are chosen; null if none can be. */
  readonly choice: Choice | null;
}

/** Alerts as a table, whose rows can be chosen. */
export function AlertTable({ items, choice }: TableProps) {
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            {choice !== null && (
              <ChoiceHead
                choice={choice}
                ids={items.map(({ alertId }) => alertId)}
                label="Choose all alerts of this page"
              />
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
              {choice !== null && (
                <ChoiceCell
                  choice={choice}
                  id={alert.alertId}
                  label={`Choose the alert ${titleOf(alert).slice(0, 80)}`}
                />
              )}
              <AlertCells alert={alert} />
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}

function AlertCells({ alert }: { readonly alert: Alert }) {
  const { alertId, severity, detector, entity, feature, peakBits, count, firstSeen, lastSeen } = alert;
  return (
    <>
      <td data-name="Severity">
        <Severity of={severity} />
      </td>
      <td class="main-cell">
        <Link to={`/alerts/${alertId}`} data-row class="clip">
          {withoutBits(titleOf(alert))}
        </Link>
        <div class="small muted clip">{[detector, entity, feature].filter((part) => part !== null).join(' · ')}</div>
      </td>
      <td class="number" data-name="Bits">
        {peakBits > 0 ? formatBits(peakBits) : '–'}
      </td>
      <td class="number" data-name="Anomalies">
        {formatCount(count)}
      </td>
      <LastCell firstSeen={firstSeen} lastSeen={lastSeen} />
      <td data-name="State" class="state-cell">
        {stateOf(alert)}
      </td>
    </>
  );
}
