import type { AlertSink } from '@flowline/stream';

import { type Database, withClient } from './database.ts';
import { claimOutbox } from './sql/outbox-claim.ts';
import { markOutboxSent } from './sql/outbox-mark-sent.ts';
import { selectOutboxPending } from './sql/outbox-pending.ts';
import { withTransaction } from './transaction.ts';

/** Sending may take this long before the claim is given up, and the alerts are sent again. */
const SEND_TIMEOUT_MS = 60_000;

/** Which alerts a relay sends. */
export interface RelayOptions {
  /** At most so many at once (default 500). */
  readonly limit?: number;
  /** Only those of these detectors. */
  readonly detectors?: readonly string[];
}

/**
 * Sends the oldest alerts that wait, then marks them as sent: at least once, repeats under the same id. Relays may run side by
 * side; each takes others' alerts only when they are free.
 * @returns how many were sent; when it is the limit, more may wait.
 * @throws whatever the sink throws, with the alerts still waiting; FlowlineError of the database.
 */
export async function relayOutbox(db: Database, sink: AlertSink, options: RelayOptions = {}): Promise<number> {
  const { limit = 500, detectors } = options;
  let refusal: { readonly reason: unknown } | undefined;
  const sent = withTransaction(
    db,
    async (client) => {
      const rows = await claimOutbox(client, limit, detectors ?? null);
      if (rows.length === 0) return 0;
      try {
        await sink.send(
          rows.map(({ alertId, topic, key, headers, value }) => ({ alertId, topic, key, headers, value })),
        );
      } catch (error) {
        refusal = { reason: error };
        throw error;
      }
      const outboxIds = rows.map((row) => row.outboxId);
      await markOutboxSent(client, outboxIds);
      return rows.length;
    },
    { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
  );
  try {
    return await sent;
  } catch (error) {
    // The sink's own error, as it is: a broker that refuses must not read as a database that does.
    throw refusal === undefined ? error : refusal.reason;
  }
}

/** How many alerts wait to be sent, and the seconds that the oldest has waited (null for none). */
export async function outboxStatus(db: Database): Promise<{ pending: number; oldestSeconds: number | null }> {
  const [row] = await withClient(db, (client) => selectOutboxPending(client));
  return row ?? { pending: 0, oldestSeconds: null };
}
