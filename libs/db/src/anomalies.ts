import type { Database } from './database.ts';
import { type AnomalyRow, selectAnomalies, selectMostSurprising } from './sql/anomalies-select.ts';
import { withTransaction } from './transaction.ts';

/** An anomaly, as it is stored. */
export type StoredAnomaly = AnomalyRow;

/** Where a page ended: the next one begins after it. */
export interface AnomalyCursor {
  readonly eventTime: Date;
  readonly anomalyId: number;
}

/** Which anomalies are asked for. */
export interface AnomalyFilter {
  readonly detector?: string;
  /** Event time, inclusive. */
  readonly from?: Date;
  /** Event time, exclusive. */
  readonly to?: Date;
  readonly maxPValue?: number;
  /** At most so many (default 50). */
  readonly limit?: number;
  readonly after?: AnomalyCursor;
}

/** A page of anomalies; `next` is null at the end. */
export interface AnomalyPage {
  readonly items: readonly StoredAnomaly[];
  readonly next: AnomalyCursor | null;
}

const PAGE = 50;

/** Anomalies by event time, latest first, a page at a time; pages stay whole while new anomalies arrive. */
export async function listAnomalies(db: Database, filter: AnomalyFilter = {}): Promise<AnomalyPage> {
  const { detector, from, to, maxPValue, after, limit = PAGE } = filter;
  const items = await withTransaction(db, (client) =>
    selectAnomalies(
      client,
      detector ?? null,
      from ?? null,
      to ?? null,
      maxPValue ?? null,
      after?.eventTime ?? null,
      after?.anomalyId ?? null,
      limit,
    ),
  );
  const last = items.at(-1);
  const next =
    last === undefined || items.length < limit ? null : { eventTime: last.eventTime, anomalyId: last.anomalyId };
  return { items, next };
}

/** The most surprising anomalies (ties: the lowest density first). */
export async function mostSurprising(
  db: Database,
  filter: Pick<AnomalyFilter, 'detector' | 'from' | 'to' | 'limit'> = {},
): Promise<StoredAnomaly[]> {
  const { detector, from, to, limit = PAGE } = filter;
  return withTransaction(db, (client) =>
    selectMostSurprising(client, detector ?? null, from ?? null, to ?? null, limit),
  );
}
