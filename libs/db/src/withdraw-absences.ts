import type { AlertRules } from '@flowline/alerts';

import { resolvedAbsence, storeClocked } from './absence-alerts.ts';
import type { Database } from './database.ts';
import { deleteUnwatchedArrivals, selectUnwatchedAbsences } from './sql/absences.ts';
import { lockAlerts } from './sql/alerts.ts';
import { type AlertAddress, storeMessages } from './store-messages.ts';
import { withTransaction } from './transaction.ts';

/** Absences of a detector that are watched, and how the end of others is told. */
export interface KeptAbsences {
  readonly detector: string;
  /** Null if none is watched. */
  readonly watched: { readonly topic: string; readonly per: 'detector' | 'entity' } | null;
  readonly rules: AlertRules;
  readonly addresses: readonly AlertAddress[];
}

/** Alerts per transaction. */
const LIMIT = 1_000;

/**
 * Resolves the open absences of a detector that nothing watches any more: its definition asks for
 * none, for those of another topic, or of another unit. @returns their number.
 */
export async function withdrawAbsences(db: Database, kept: KeptAbsences): Promise<number> {
  const { detector, watched, rules, addresses } = kept;
  const ofEntity = watched === null ? null : watched.per === 'entity';
  const place = { detector, topic: watched?.topic ?? null, ofEntity };
  // By itself: a batch takes the lock of its alerts before the rows of its arrivals.
  await withTransaction(db, (client) => deleteUnwatchedArrivals(client, place));
  return withTransaction(db, async (client) => {
    const found = await selectUnwatchedAbsences(client, { ...place, limit: LIMIT });
    for (const topic of [...new Set(found.map((row) => row.topic))].sort()) {
      await lockAlerts(client, { detector, topic });
      const rows = (await selectUnwatchedAbsences(client, { ...place, limit: LIMIT })).filter(
        (row) => row.topic === topic,
      );
      const changes = rows.map((row) => resolvedAbsence(detector, row, row.partition, Date.now()));
      const messages = await storeClocked(client, { detector, topic, rules }, changes);
      await storeMessages(client, detector, messages, addresses);
    }
    return found.length;
  });
}
