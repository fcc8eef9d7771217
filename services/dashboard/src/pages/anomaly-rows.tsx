import type { Item } from '../client/call.ts';
import { Link } from '../components/link.tsx';
import { Time } from '../components/time.tsx';
import { TableBox } from '../components/table-box.tsx';
import { formatBits } from '../format/numbers.ts';
import { withoutBits } from '../format/summary.ts';

type Anomaly = Item<'GET /v1/anomalies'>;

/** Anomalies as a table. */
export function AnomalyRows({
  items,
  showsDetector = false,
}: {
  readonly items: readonly Anomaly[];
  /** True for a list of several detectors. */
  readonly showsDetector?: boolean;
}) {
  return (
    <TableBox>
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Time of the event</th>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Bits
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ anomalyId, detector, eventTime, entity, summary, surpriseBits, eventId, suppressedBy }) => (
            <tr key={anomalyId}>
              <td data-name="Time">
                <Time at={eventTime} />
              </td>
              <td class="main-cell">
                <Link to={`/anomalies/${anomalyId}`} data-row class="clip">
                  {withoutBits(summary)}
                </Link>
                <div class="small muted clip">
                  {[
                    ...(showsDetector ? [detector] : []),
                    entity ?? `event ${eventId}`,
                    ...(suppressedBy === null ? [] : [`kept out of alerts by ${suppressedBy}`]),
                  ].join(' · ')}
                </div>
              </td>
              <td class="number" data-name="Bits">
                {formatBits(surpriseBits)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableBox>
  );
}
