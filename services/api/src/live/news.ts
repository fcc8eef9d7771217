import type { ChangedAlert, StoredAnomaly } from '@flowline/db';

/** Piece of news: an anomaly or an alert of a detector. */
export interface News {
  readonly event: 'anomaly' | 'alert';
  /** Name of this piece of news: it is told once per follower. */
  readonly name: string;
  readonly detector: string;
  readonly data: object;
}

/** News of an anomaly. */
export const newsOfAnomaly = (anomaly: StoredAnomaly): News => ({
  event: 'anomaly',
  name: `anomaly ${anomaly.anomalyId}`,
  detector: anomaly.detector,
  data: anomaly,
});

/** News of an alert, as it is after a change. */
export const newsOfAlert = ({ changedAt, ...alert }: ChangedAlert): News => ({
  event: 'alert',
  name: `alert ${alert.alertId} ${changedAt.getTime()}`,
  detector: alert.detector,
  data: alert,
});
