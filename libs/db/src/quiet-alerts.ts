import { type AlertMessage, type AlertRules, dueAt } from '@flowline/alerts';

import type { Database } from './database.ts';
import { resolveRows } from './resolve-rows.ts';
import { lockAlerts, selectQuietAlerts } from './sql/alerts.ts';
import { type AlertAddress, storeMessages } from './store-messages.ts';
import { withTransaction } from './transaction.ts';

/** Partitions whose readers have nothing left to read, and the rules of their alerts. */
export interface QuietStream {
  readonly detector: string;
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly rules: AlertRules;
  /** Destinations of the messages; none if nobody is told. */
  readonly addresses: readonly AlertAddress[];
}

/** Alerts resolved per transaction. */
const LIMIT = 1_000;

/**
 * Resolves the open alerts of streams that have stopped: nothing has been stored, and no anomaly
 * has come, for `resolveAfterMs` by the clock. Call it regularly for partitions that are read to
 * their end; a reader that lags behind would resolve alerts whose next anomaly it has not read.
 * @returns the number of alerts resolved.
 */
export async function resolveQuietAlerts(db: Database, stream: QuietStream): Promise<number> {
  const { detector, topic, partitions, rules } = stream;
  const quiet = { detector, topic, partitions, quietMs: rules.resolveAfterMs, limit: LIMIT };
  if ((await withTransaction(db, (client) => selectQuietAlerts(client, quiet))).length === 0) return 0;
  return withTransaction(db, async (client) => {
    await lockAlerts(client, { detector, topic });
    const rows = await selectQuietAlerts(client, quiet);
    const messages: AlertMessage[] = [];
    for (const partition of new Set(rows.map((row) => row.partition))) {
      const ofPartition = rows.filter((row) => row.partition === partition);
      const place = { detector, topic, partition };
      messages.push(
        ...(await resolveRows(client, place, ofPartition, rules, (life, policy) => dueAt(life, policy) ?? life.lastMs)),
      );
    }
    await storeMessages(client, detector, rules.sendResolved ? messages : [], stream.addresses);
    return rows.length;
  });
}
