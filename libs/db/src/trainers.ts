import type { Database } from './database.ts';
import { deleteTrainer, upsertTrainer } from './sql/trainers.ts';
import { withTransaction } from './transaction.ts';

/** Reports that a trainer serves. Repeat the call, so that its absence shows that it does not. */
export async function reportTrainer(db: Database, trainer: string): Promise<void> {
  await withTransaction(db, (client) => upsertTrainer(client, { trainer }));
}

/** Reports that a trainer serves no longer. */
export async function dismissTrainer(db: Database, trainer: string): Promise<void> {
  await withTransaction(db, (client) => deleteTrainer(client, { trainer }));
}
