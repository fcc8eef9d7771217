import { type Database, type ListedAlertRow, readAlerts } from '@flowline/db';
import type { Anomaly } from '@flowline/events';

/** Alert that rules would have changed, with the anomalies that they examined and touched. */
export interface TouchedAlert extends Pick<
  ListedAlertRow,
  'alertId' | 'detector' | 'entity' | 'severity' | 'summary' | 'count' | 'firstSeen' | 'lastSeen'
> {
  readonly suppressed: number;
  readonly downgraded: number;
  readonly tagged: number;
  /** True if every anomaly of it would have been suppressed: it would not have opened. */
  readonly isGone: boolean;
}

type Counts = Pick<TouchedAlert, 'suppressed' | 'downgraded' | 'tagged'>;

const MOST_LISTED = 100;
const NONE: Counts = { suppressed: 0, downgraded: 0, tagged: 0 };

/** Counts by alert what rules would have done to anomalies. */
export class TouchedAlerts {
  readonly #counts = new Map<string, Counts>();

  /** Counts an anomaly of an alert, with what rules found of it. */
  add(alertId: string | null, { verdict, alert }: Anomaly): void {
    const found = {
      suppressed: (verdict?.suppressedBy ?? null) === null ? 0 : 1,
      downgraded: (verdict?.severityAtMost ?? null) === null ? 0 : 1,
      tagged: alert.labels === undefined ? 0 : 1,
    };
    if (alertId === null || found.suppressed + found.downgraded + found.tagged === 0) return;
    const before = this.#counts.get(alertId) ?? NONE;
    this.#counts.set(alertId, {
      suppressed: before.suppressed + found.suppressed,
      downgraded: before.downgraded + found.downgraded,
      tagged: before.tagged + found.tagged,
    });
  }

  /** Alerts that would have been changed: how many, and at most 100 with most suppressed first. */
  async read(db: Database): Promise<{ readonly count: number; readonly items: readonly TouchedAlert[] }> {
    const most = [...this.#counts].sort(([, a], [, b]) => b.suppressed - a.suppressed).slice(0, MOST_LISTED);
    const stored = await readAlerts(
      db,
      most.map(([alertId]) => alertId),
    );
    const byId = new Map(stored.map((alert) => [alert.alertId, alert]));
    const items = most.flatMap(([alertId, counts]) => {
      const alert = byId.get(alertId);
      return alert === undefined ? [] : [{ ...shown(alert), ...counts, isGone: counts.suppressed >= alert.count }];
    });
    return { count: this.#counts.size, items };
  }
}

const shown = ({ alertId, detector, entity, severity, summary, count, firstSeen, lastSeen }: ListedAlertRow) => ({
  ...{ alertId, detector, entity, severity, summary, count, firstSeen, lastSeen },
});
