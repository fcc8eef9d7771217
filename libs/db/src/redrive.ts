import type { StoredHeaders } from '@flowline/events';

import type { Database } from './database.ts';
import { claimDeadLetters } from './sql/dead-letters-claim.ts';
import { markRedriven } from './sql/dead-letters-redriven.ts';
import { withTransaction } from './transaction.ts';

const AT_ONCE = 500;
const SEND_TIMEOUT_MS = 60_000;

/** Which dead letters are sent again. Tombstones never are, nor records of which only the first bytes were kept. */
export interface RedriveFilter {
  readonly detector: string;
  readonly reason?: string;
  readonly ids?: readonly number[];
  /** Also those that were sent again before. */
  readonly again?: boolean;
  /** At most so many. */
  readonly limit?: number;
}

/** A record as it came, and which dead letter it was. */
export interface RedrivenRecord {
  readonly deadLetterId: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

/**
 * Sends dead letters again and marks them, oldest first: each once, unless this process ends between the two (then once more).
 * Several may run side by side.
 * @param send resolves when the records are taken over durably.
 * @returns how many were sent. @throws whatever `send` throws, with those records unmarked.
 */
export async function redriveDeadLetters(
  db: Database,
  filter: RedriveFilter,
  send: (records: readonly RedrivenRecord[]) => Promise<void>,
): Promise<number> {
  const { detector, reason = null, ids = null, again = false, limit = Infinity } = filter;
  let sent = 0;
  let afterId = 0;
  while (sent < limit) {
    let refusal: { readonly reason: unknown } | undefined;
    const step = withTransaction(
      db,
      async (client) => {
        const most = Math.min(AT_ONCE, limit - sent);
        const records = await claimDeadLetters(client, detector, reason, ids, again, afterId, most);
        if (records.length === 0) return records;
        await send(records).catch((error: unknown) => {
          refusal = { reason: error };
          throw error;
        });
        await markRedriven(
          client,
          records.map(({ deadLetterId }) => deadLetterId),
        );
        return records;
      },
      { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
    );
    const records = await step.catch((error: unknown) => {
      // The sender's own error, as it is: a broker that refuses must not read as a database that does.
      throw refusal === undefined ? error : refusal.reason;
    });
    const last = records.at(-1);
    if (last === undefined) return sent;
    sent += records.length;
    afterId = last.deadLetterId;
  }
  return sent;
}
