import type { Database } from './database.ts';
import { type DriftDayRow, selectDriftDays } from './sql/drift.ts';
import { withTransaction } from './transaction.ts';

/** Checked day of a model, with its features. */
export type CheckedDay = DriftDayRow;

/** Filter of {@link listDriftDays}. */
export interface DriftDayFilter {
  readonly detector: string;
  /** Default: of all models. */
  readonly modelVersion?: number;
  readonly limit: number;
  /** Only days before this one. */
  readonly before?: { readonly modelVersion: number; readonly day: string };
}

/** Lists the days of a detector that were checked for drift, those of the newest model first. */
export function listDriftDays(db: Database, filter: DriftDayFilter): Promise<CheckedDay[]> {
  const { detector, modelVersion = null, limit, before = null } = filter;
  const range = { beforeModel: before?.modelVersion ?? null, beforeDay: before?.day ?? null };
  return withTransaction(db, (client) => selectDriftDays(client, { detector, modelVersion, limit, ...range }), {
    readOnly: true,
  });
}
