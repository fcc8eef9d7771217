import type { StoredHeaders } from '@flowline/events';

import type { Database } from './database.ts';
import { claimDeadLetters, selectLastDeadLetter } from './sql/dead-letters-claim.ts';
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

/** A record that could not be sent again, and why. */
export interface UnsentLetter {
  readonly deadLetterId: number;
  /** true: there is no way back for it, as it came from a file or from a partition that is gone; false: not now. */
  readonly refused: boolean;
  readonly error: unknown;
}

/** What came of sending dead letters again. */
export interface Redriven {
  readonly sent: number;
  /** Left as they were: there is no way back for them. */
  readonly skipped: number;
  /** Why, each reason once. */
  readonly reasons: readonly string[];
}

/**
 * Sends dead letters again and marks them, oldest first: each once, unless this process ends between the two (then once more). Those
 * for which there is no way back are skipped. Several may run side by side.
 * @param send resolves when the records are taken over durably, to those that are not.
 * @throws the error of a record that could not be sent now, with those that were sent marked.
 */
export async function redriveDeadLetters(
  db: Database,
  filter: RedriveFilter,
  send: (records: readonly RedrivenRecord[]) => Promise<readonly UnsentLetter[]>,
): Promise<Redriven> {
  const { detector, reason = null, ids = null, again = false, limit = Infinity } = filter;
  const reasons = new Set<string>();
  let sent = 0;
  let skipped = 0;
  let afterId = 0;
  // What is sent may come back as a dead letter while this runs: that one is left for the next time.
  const [last] = await withTransaction(db, (client) => selectLastDeadLetter(client, detector));
  const lastId = last?.lastId ?? 0;
  while (sent < limit) {
    const step = await withTransaction(
      db,
      async (client) => {
        const most = Math.min(AT_ONCE, limit - sent);
        const records = await claimDeadLetters(client, detector, reason, ids, again, afterId, lastId, most);
        if (records.length === 0) return { records, unsent: [] };
        const unsent = await send(records);
        const kept = new Set(unsent.map(({ deadLetterId }) => deadLetterId));
        const marked = records.map(({ deadLetterId }) => deadLetterId).filter((id) => !kept.has(id));
        if (marked.length > 0) await markRedriven(client, marked);
        return { records, unsent };
      },
      { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
    );
    const { records, unsent } = step;
    const end = records.at(-1);
    if (end === undefined) break;
    const waiting = unsent.find(({ refused }) => !refused);
    if (waiting !== undefined) throw waiting.error;
    for (const { error } of unsent) reasons.add(error instanceof Error ? error.message : String(error));
    sent += records.length - unsent.length;
    skipped += unsent.length;
    afterId = end.deadLetterId;
  }
  return { sent, skipped, reasons: [...reasons] };
}
