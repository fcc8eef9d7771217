import { FlowlineError } from '@flowline/events';

import { closeClient, type Database, openClient, type Queryable } from './database.ts';
import { toFlowlineError } from './database-error.ts';
import { tryTrainingLock } from './sql/training-lock-try.ts';

/**
 * Runs `work` while holding the detector's training lock, an advisory lock on a connection of its own: the server frees it
 * when that connection ends, however the process does. The signal aborts when the connection, and with it the lock, is lost.
 * @throws FlowlineError FLOWLINE_TRAINING_BUSY at once when another trainer holds it; whatever `work` throws, as it is.
 */
export async function withTrainingLock<T>(
  db: Database,
  detector: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const client = await openClient(db, (error) => {
    lost.abort(error);
  });
  try {
    if (!(await takeLock(db, client, detector))) throw busy(detector);
    return await work(lost.signal);
  } finally {
    await closeClient(client);
  }
}

async function takeLock(db: Database, client: Queryable, detector: string): Promise<boolean> {
  try {
    const [row] = await tryTrainingLock(client, detector);
    return row?.locked === true;
  } catch (error) {
    throw toFlowlineError(error, db.address);
  }
}

function busy(detector: string): FlowlineError {
  return new FlowlineError('FLOWLINE_TRAINING_BUSY', `Another trainer is already training ${detector}.`, {
    where: detector,
    remedy: 'Wait for it; the table flowline.training_runs shows how far it is.',
    retryable: true,
  });
}
