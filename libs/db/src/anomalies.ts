import type { Database } from './database.ts';
import { pageEnd } from './page-end.ts';
import type { TimeRange } from './score-summaries.ts';
import {
  type AnomalyPointRow,
  type AnomalyRow,
  type FeatureAnomalyRow,
  selectAnomalies,
  selectAnomaly,
  selectAnomalyPoints,
  selectFeatureAnomalies,
} from './sql/anomalies.ts';
import { withTransaction } from './transaction.ts';

/** Anomaly as stored. */
export type StoredAnomaly = AnomalyRow;

/** Position of the last row of a page; the next page begins after it. */
export interface AnomalyCursor {
  readonly eventTime: Date;
  readonly anomalyId: number;
}

/** Filter for anomalies. */
export interface AnomalyFilter {
  readonly detector?: string;
  readonly entity?: string;
  /** Feature that contributes most. */
  readonly feature?: string;
  readonly eventId?: string;
  /** Alert that they belong to. */
  readonly alertId?: string;
  /** Earliest event time, inclusive. */
  readonly from?: Date;
  /** Latest event time, exclusive. */
  readonly to?: Date;
  readonly maxPValue?: number;
  /** Maximum rows (default 50). */
  readonly limit?: number;
  readonly after?: AnomalyCursor;
}

/** Page of anomalies; `next` is null at the end. */
export interface AnomalyPage {
  readonly items: readonly StoredAnomaly[];
  readonly next: AnomalyCursor | null;
}

const PAGE = 50;

/** Lists anomalies by event time, latest first, in pages. New anomalies do not shift the pages. */
export async function listAnomalies(db: Database, filter: AnomalyFilter = {}): Promise<AnomalyPage> {
  const { after, limit = PAGE, ...conditions } = filter;
  const position = after === undefined ? {} : { afterTime: after.eventTime, afterId: after.anomalyId };
  const items = await withTransaction(db, (client) =>
    selectAnomalies(client, 'time', { ...conditions, ...position, limit }),
  );
  const last = pageEnd(items, limit);
  const next = last && { eventTime: last.eventTime, anomalyId: last.anomalyId };
  return { items, next };
}

/** Lists the most surprising anomalies (ties: lowest density first). */
export async function mostSurprising(
  db: Database,
  { limit = PAGE, ...conditions }: Omit<AnomalyFilter, 'after'> = {},
): Promise<readonly StoredAnomaly[]> {
  return withTransaction(db, (client) => selectAnomalies(client, 'surprise', { ...conditions, limit }));
}

/** Lists the most surprising anomalies of a range as a chart of scores draws them. */
export function listAnomalyPoints(
  db: Database,
  asked: TimeRange & { readonly detector: string; readonly limit: number },
): Promise<readonly AnomalyPointRow[]> {
  return withTransaction(db, (client) => selectAnomalyPoints(client, asked), { readOnly: true });
}

/** Lists the most surprising anomalies of a range that are due to a number, with that number. */
export function listFeatureAnomalies(
  db: Database,
  asked: TimeRange & { readonly detector: string; readonly limit: number },
): Promise<readonly FeatureAnomalyRow[]> {
  return withTransaction(db, (client) => selectFeatureAnomalies(client, asked), { readOnly: true });
}

/** Reads one anomaly; null if there is none of this id. */
export function getAnomaly(db: Database, anomalyId: number): Promise<StoredAnomaly | null> {
  return withTransaction(db, (client) => selectAnomaly(client, { anomalyId }));
}
