import { execute } from '../statement.ts';

/** Notes that a trainer serves, and forgets those that have not reported for long. */
export const upsertTrainer = execute<{ trainer: string }>(`
  WITH gone AS (DELETE FROM flowline.trainers WHERE seen_at < now() - interval '1 hour' AND trainer <> :trainer::uuid)
  INSERT INTO flowline.trainers (trainer) VALUES (:trainer::uuid)
  ON CONFLICT (trainer) DO UPDATE SET seen_at = now()
`);

/** Forgets a trainer. */
export const deleteTrainer = execute<{ trainer: string }>(`
  DELETE FROM flowline.trainers WHERE trainer = :trainer::uuid
`);
