import type { Database } from './database.ts';
import { type BacklogPieceRow, reviveBacklog, selectBacklogPieces, setBacklogAside } from './sql/anomaly-backlog.ts';
import { withTransaction } from './transaction.ts';

/** Piece of a detector's backlog of anomalies. */
export type BacklogPiece = BacklogPieceRow;

/** Filter for pieces of the backlog. */
export interface BacklogPieceFilter {
  readonly detector?: string;
  /** Maximum rows (default 50). */
  readonly limit?: number;
  /** Lower bound of the id, exclusive: the last id of the previous page. */
  readonly after?: number;
}

/** Number of pieces that were changed, and of the anomalies in them. */
export interface ChangedPieces {
  readonly pieces: number;
  readonly anomalies: number;
}

/** Lists the pieces of the backlog, those that wait and those that were set aside, oldest first. */
export function listBacklogPieces(db: Database, filter: BacklogPieceFilter = {}): Promise<BacklogPiece[]> {
  const { detector = null, after = null, limit = 50 } = filter;
  return withTransaction(db, (client) => selectBacklogPieces(client, { detector, after, limit }), { readOnly: true });
}

/**
 * Sets waiting pieces of a detector aside: nothing waits behind them any more, and they stay stored
 * until {@link redriveBacklogPieces}. One that is being written out at that moment is not among
 * them.
 */
export async function setBacklogPiecesAside(
  db: Database,
  detector: string,
  ids: readonly number[],
): Promise<ChangedPieces> {
  return changed(
    await withTransaction(db, (client) => setBacklogAside(client, { detector, ids, reason: 'set aside by a person' })),
  );
}

/**
 * Lets pieces of a detector that were set aside wait again, before younger ones: the given ones, or
 * all.
 */
export async function redriveBacklogPieces(
  db: Database,
  detector: string,
  ids?: readonly number[],
): Promise<ChangedPieces> {
  return changed(await withTransaction(db, (client) => reviveBacklog(client, { detector, ids: ids ?? null })));
}

const changed = (pieces: readonly { readonly anomalies: number }[]): ChangedPieces => ({
  pieces: pieces.length,
  anomalies: pieces.reduce((sum, { anomalies }) => sum + anomalies, 0),
});
