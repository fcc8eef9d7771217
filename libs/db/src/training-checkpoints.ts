import type { Database } from './database.ts';
import { deleteCheckpoints, selectCheckpoints, upsertCheckpoint } from './sql/training-checkpoints.ts';
import { withTransaction } from './transaction.ts';

/** Checkpoints of a training by member of the ensemble, from 0; candidate c has those from 8c. */
export type Checkpoints = ReadonlyMap<number, Uint8Array>;

/** Reads the checkpoints that an earlier attempt at a run left; empty if there is none. */
export async function readCheckpoints(db: Database, runId: number): Promise<Checkpoints> {
  const rows = await withTransaction(db, (client) => selectCheckpoints(client, { runId }), { readOnly: true });
  return new Map(rows.map(({ member, bytes }) => [member, bytes]));
}

/** Stores the checkpoints of an attempt that is interrupted, for the next one. */
export async function storeCheckpoints(db: Database, runId: number, checkpoints: Checkpoints): Promise<void> {
  await withTransaction(db, async (client) => {
    for (const [member, bytes] of checkpoints) await upsertCheckpoint(client, { runId, member, bytes });
  });
}

/** Removes the checkpoints of a run that has ended; of any other, they stay. */
export async function removeCheckpoints(db: Database, runId: number): Promise<void> {
  await withTransaction(db, (client) => deleteCheckpoints(client, { runId }));
}
