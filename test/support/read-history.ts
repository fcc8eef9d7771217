import { parseJson } from '@flowline/events';

import { closeClient, type Database } from '../../libs/db/src/database.ts';
import { toFlowlineError } from '../../libs/db/src/database-error.ts';
import {
  asUserQuery,
  type CheckedHistory,
  checkHistory,
  type HistoryRange,
  type HistorySource,
  oneStatement,
  rangeCondition,
  ROW,
} from '../../libs/db/src/history-query.ts';
import { openSnapshot } from '../../libs/db/src/history-snapshot.ts';

/** Request for history rows. */
export interface HistoryRequest extends HistorySource, HistoryRange {
  /** Rows per chunk (default 5,000), which bounds memory. */
  readonly chunkRows?: number;
}

/** Row of the history: its columns by name, as in the JSON of an event (see {@link parseJson}). */
export type HistoryRow = Readonly<Record<string, unknown>>;

const CHUNK_ROWS = 5_000;

/**
 * Reads history as JSON, the reference of binary readings: in time order with a server-side cursor,
 * in one read-only snapshot. Rows with the same time come in table order, which is
 * stable for the same table.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID naming the missing table or column.
 */
export async function* readHistory(
  db: Database,
  request: HistoryRequest,
): AsyncGenerator<HistoryRow[], void, undefined> {
  const chunkRows = request.chunkRows ?? CHUNK_ROWS;
  const client = await openSnapshot(db);
  try {
    const history = await checkHistory(client, request);
    const { text, values } = historySelect(history, request);
    await asUserQuery(request.query, () =>
      client.query(oneStatement(`DECLARE history NO SCROLL CURSOR FOR ${text}`, values)),
    );
    for (;;) {
      const chunk = await asUserQuery(request.query, () =>
        client.query<{ readonly json: string }>(`FETCH ${Math.trunc(chunkRows)} FROM history`),
      );
      if (chunk.rows.length > 0) yield chunk.rows.map(({ json }) => parseJson(json) as HistoryRow);
      if (chunk.rows.length < chunkRows) return;
    }
  } catch (error) {
    throw toFlowlineError(error, db.address);
  } finally {
    await closeClient(client);
  }
}

/**
 * Selects rows as JSON, so that a history row and the event of it have the same text and are parsed
 * by the same code.
 */
function historySelect(history: CheckedHistory, request: HistoryRequest): { text: string; values: Date[] } {
  const { text, values } = rangeCondition(history, request);
  return {
    text: `SELECT row_to_json(${ROW})::text AS json FROM ${history.table} WHERE ${text} ORDER BY ${history.time}`,
    values,
  };
}
