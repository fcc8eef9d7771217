import type { DetectorDefinition } from '@flowline/config';
import { type Database, HistorySession } from '@flowline/db';

import { checkColumns } from './check-columns.ts';

/**
 * Checks a detector's history query against the database without running it: that its tables and
 * time column are there, and every column that the features read. Stored events need no check.
 * @throws FlowlineError FLOWLINE_HISTORY_INVALID.
 */
export async function checkHistory(db: Database, { history, source, ...rest }: DetectorDefinition): Promise<void> {
  if (history.query === null) return;
  const wanted = { query: history.query, timeColumn: history.timeColumn, timeUnit: source.time.unit };
  const session = await HistorySession.open(db, wanted, new AbortController().signal);
  try {
    checkColumns({ history, source, ...rest }, session);
  } finally {
    await session.close();
  }
}
