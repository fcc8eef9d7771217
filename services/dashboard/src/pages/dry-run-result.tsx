import { DayBars } from '../charts/day-bars.tsx';
import type { Reply } from '../client/call.ts';
import { ChartTable } from '../components/chart-table.tsx';
import type { Check } from '../components/use-check.ts';
import { Link } from '../components/link.tsx';
import { Fact, Severity } from '../components/parts.tsx';
import { Blank, Skeleton } from '../components/states.tsx';
import { Time } from '../components/time.tsx';
import { formatCount, plural } from '../format/numbers.ts';
import { formatTime } from '../format/times.ts';

type DryRun = Reply<'POST /v1/dry-run'>;

/** Effect that rules and calendars would have had on stored anomalies and their alerts. */
export function DryRunResult({
  check: { isChecking, result },
  from,
  to,
}: {
  readonly check: Check<DryRun>;
  /** Range that was examined. */
  readonly from: Date;
  readonly to: Date;
}) {
  if (result === null) {
    return isChecking ? <Skeleton height={220} /> : <Blank title="It is not valid yet: nothing can be tried out." />;
  }
  if (result.examined === 0) {
    return (
      <Blank title={`No anomaly since ${formatTime(from)}.`}>
        <span>Look further back to see what it would have done.</span>
      </Blank>
    );
  }
  return (
    <div class={isChecking ? 'stack is-old' : 'stack'} aria-busy={isChecking} aria-live="polite">
      <Totals result={result} />
      {result.faults.map(({ rule, message }) => (
        <p key={rule} class="note note-warning">
          <strong>{rule} was passed over for some.</strong> {message}
        </p>
      ))}
      <DayBars days={daysOf(result, from, to)} names={{ total: 'anomalies', part: 'touched' }} />
      <ChartTable
        name="dry run"
        columns={[
          ...['day', 'detector', 'entity', 'anomalies', 'suppressed', 'downgraded', 'tagged', 'not trained on'],
        ]}
        rows={result.rows.map((row) => [
          ...[row.day, row.detector, row.entity, row.anomalies],
          ...[row.suppressed, row.downgraded, row.tagged, row.excludedFromTraining],
        ])}
      />
      <Alerts alerts={result.alerts} />
    </div>
  );
}

function Totals({ result: { rows, examined, suppressedAlready, more, alerts } }: { readonly result: DryRun }) {
  const sum = (of: (row: DryRun['rows'][number]) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const effects = [
    ['Suppressed', sum(({ suppressed }) => suppressed)],
    ['Downgraded', sum(({ downgraded }) => downgraded)],
    ['Labelled', sum(({ tagged }) => tagged)],
    ['Not trained on', sum(({ excludedFromTraining }) => excludedFromTraining)],
  ] as const;
  const touched = effects.filter(([, count]) => count > 0);
  return (
    <>
      <dl class="facts">
        {touched.length === 0 && (
          <Fact name="Anomalies touched">
            none <small>of {formatCount(examined)}</small>
          </Fact>
        )}
        {touched.map(([name, count]) => (
          <Fact key={name} name={name}>
            {formatCount(count)} <small>of {plural(examined, 'anomaly')}</small>
          </Fact>
        ))}
        <Fact name="Alerts touched">{alerts.count === 0 ? 'none' : formatCount(alerts.count)}</Fact>
      </dl>
      {(suppressedAlready > 0 || more) && (
        <p class="small muted">
          {suppressedAlready > 0 && `${formatCount(suppressedAlready)} are kept out of alerts already. `}
          {more && `There are more: the latest ${formatCount(examined)} were examined.`}
        </p>
      )}
    </>
  );
}

const DAY_MS = 86_400_000;

/** Counts of each day of a range, also of those without anomalies. */
function daysOf({ rows }: DryRun, from: Date, to: Date) {
  const days = new Map<string, { total: number; part: number }>();
  for (let ms = from.getTime(); ms < to.getTime() + DAY_MS; ms += DAY_MS) {
    const day = new Date(Math.min(ms, to.getTime())).toISOString().slice(0, 10);
    days.set(day, { total: 0, part: 0 });
  }
  for (const { day, anomalies, suppressed, downgraded, tagged, excludedFromTraining } of rows) {
    const found = days.get(day) ?? { total: 0, part: 0 };
    found.total += anomalies;
    found.part += Math.max(suppressed, downgraded, tagged, excludedFromTraining);
    days.set(day, found);
  }
  return [...days].map(([day, counts]) => ({ day, ...counts })).sort((a, b) => a.day.localeCompare(b.day));
}

const MOST_SHOWN = 6;

function Alerts({ alerts: { count, items } }: { readonly alerts: DryRun['alerts'] }) {
  if (items.length === 0) return <p class="small muted">No alert of this time would have been another.</p>;
  const [shown, others] = [items.slice(0, MOST_SHOWN), items.slice(MOST_SHOWN)];
  return (
    <section aria-label="Alerts that would have been touched">
      <h3>{plural(count, 'alert')} would have been touched</h3>
      <ul class="rows">
        {shown.map((alert) => (
          <AlertRow key={alert.alertId} alert={alert} />
        ))}
      </ul>
      {others.length > 0 && (
        <details class="more">
          <summary>
            {others.length} others{count > items.length && `, of ${formatCount(count - MOST_SHOWN)}`}
          </summary>
          <ul class="rows">
            {others.map((alert) => (
              <AlertRow key={alert.alertId} alert={alert} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function AlertRow({ alert }: { readonly alert: DryRun['alerts']['items'][number] }) {
  const { alertId, summary, detector, entity, severity, lastSeen } = alert;
  return (
    <li>
      <Link to={`/alerts/${alertId}`} class="clip">
        {summary ?? detector}
      </Link>
      <Severity of={severity} />
      <span class="small muted clip">
        {[detector, entity].filter((part) => part !== null).join(' · ')} · <Time at={lastSeen} />
      </span>
      <span class="small">{outcomeOf(alert)}</span>
    </li>
  );
}

function outcomeOf({ isGone, suppressed, downgraded, count }: DryRun['alerts']['items'][number]): string {
  if (isGone) return 'not opened';
  const of = (touched: number): string => `${formatCount(touched)} of ${formatCount(count)}`;
  if (suppressed > 0) return `${of(suppressed)} suppressed`;
  return downgraded > 0 ? `${of(downgraded)} limited` : 'labelled';
}
