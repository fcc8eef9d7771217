import type { Database } from './database.ts';
import { type AnomalyRow, selectAnomalies, selectMostSurprising } from './sql/anomalies.ts';
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
  const { detector, from, to, maxPValue, after, limit = PAGE } = filter;
  const items = await withTransaction(db, (client) =>
    selectAnomalies(client, {
      detector: detector ?? null,
      from: from ?? null,
      to: to ?? null,
      maxPValue: maxPValue ?? null,
      afterTime: after?.eventTime ?? null,
      afterId: after?.anomalyId ?? null,
      limit,
    }),
  );
  const last = items.at(-1);
  const next =
    last === undefined || items.length < limit ? null : { eventTime: last.eventTime, anomalyId: last.anomalyId };
  return { items, next };
}

/** Lists the most surprising anomalies (ties: lowest density first). */
export async function mostSurprising(
  db: Database,
  filter: Pick<AnomalyFilter, 'detector' | 'from' | 'to' | 'limit'> = {},
): Promise<StoredAnomaly[]> {
  const { detector, from, to, limit = PAGE } = filter;
  return withTransaction(db, (client) =>
    selectMostSurprising(client, { detector: detector ?? null, from: from ?? null, to: to ?? null, limit }),
  );
}
