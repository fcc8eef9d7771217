import { messageOf, type StoredHeaders } from '@flowline/events';

import type { Database } from './database.ts';
import { claimDeadLetters, markRedriven, selectLastDeadLetter } from './sql/dead-letters.ts';
import { withTransaction } from './transaction.ts';

const RECORDS_PER_SEND = 500;
const SEND_TIMEOUT_MS = 60_000;

/** Filter for dead letters to send again. Tombstones and truncated records never are. */
export interface RedriveFilter {
  readonly detector: string;
  readonly reason?: string;
  readonly ids?: readonly number[];
  /** Includes those that were sent again before. */
  readonly again?: boolean;
  /** Maximum records to send. */
  readonly limit?: number;
}

/** Record as it was received, with the id of its dead letter. */
export interface RedrivenRecord {
  readonly deadLetterId: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: StoredHeaders;
}

/** Dead letter that could not be sent again, with the reason. */
export interface UnsentLetter {
  readonly deadLetterId: number;
  /**
   * True if it can never be sent, because it came from a file or a partition that is gone; false if
   * it may be sent later.
   */
  readonly refused: boolean;
  readonly error: unknown;
}

/** Result of sending dead letters again. */
export interface Redriven {
  readonly sent: number;
  /** Number of dead letters left as they were, because they can never be sent. */
  readonly skipped: number;
  /** Distinct reasons for skipping. */
  readonly reasons: readonly string[];
}

/**
 * Sends dead letters again and marks them, oldest first. Each is sent once, or once more if the
 * process ends between the two steps. Those that can never be sent are skipped. Calls may run
 * concurrently.
 * @param send resolves to the records not accepted, once all others are accepted durably.
 * @throws the error of a record that could not be sent now, with the sent ones marked.
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
  // A sent record may come back as a dead letter during this run; that one is left for the next
  // run.
  const { lastId } = await withTransaction(db, (client) => selectLastDeadLetter(client, { detector }));
  while (sent < limit) {
    const range = { afterId, lastId, limit: Math.min(RECORDS_PER_SEND, limit - sent) };
    const { records, unsent } = await redriveNext(db, { detector, reason, ids, again, ...range }, send);
    const end = records.at(-1);
    if (end === undefined) break;
    const waiting = unsent.find(({ refused }) => !refused);
    if (waiting !== undefined) throw waiting.error;
    for (const { error } of unsent) reasons.add(messageOf(error));
    sent += records.length - unsent.length;
    skipped += unsent.length;
    afterId = end.deadLetterId;
  }
  return { sent, skipped, reasons: [...reasons] };
}

/** Sends the next dead letters and marks those that were accepted, in one transaction. */
function redriveNext(
  db: Database,
  claim: Parameters<typeof claimDeadLetters>[1],
  send: (records: readonly RedrivenRecord[]) => Promise<readonly UnsentLetter[]>,
): Promise<{ readonly records: readonly RedrivenRecord[]; readonly unsent: readonly UnsentLetter[] }> {
  return withTransaction(
    db,
    async (client) => {
      const records = await claimDeadLetters(client, claim);
      if (records.length === 0) return { records, unsent: [] };
      const unsent = await send(records);
      const kept = new Set(unsent.map(({ deadLetterId }) => deadLetterId));
      const ids = records.map(({ deadLetterId }) => deadLetterId).filter((id) => !kept.has(id));
      if (ids.length > 0) await markRedriven(client, { ids });
      return { records, unsent };
    },
    { timeoutMs: SEND_TIMEOUT_MS, idleTimeoutMs: SEND_TIMEOUT_MS },
  );
}
