import { execute, many } from '../statement.ts';

/** Selects the checkpoints of a run, by member. */
export const selectCheckpoints = many<{ member: number; bytes: Buffer }, { runId: number }>(`
  SELECT member, bytes FROM flowline.training_checkpoints WHERE run_id = :runId ORDER BY member
`);

/** Stores the checkpoint of a member in place of an earlier one. */
export const upsertCheckpoint = execute<{ runId: number; member: number; bytes: Uint8Array }>(`
  INSERT INTO flowline.training_checkpoints (run_id, member, bytes) VALUES (:runId, :member, :bytes)
  ON CONFLICT (run_id, member) DO UPDATE SET bytes = excluded.bytes, stored_at = now()
`);

/** Deletes the checkpoints of a run, unless another attempt at it waits or runs. */
export const deleteCheckpoints = execute<{ runId: number }>(`
  DELETE FROM flowline.training_checkpoints c USING flowline.training_runs r
  WHERE c.run_id = :runId AND r.run_id = c.run_id AND r.status NOT IN ('requested', 'running')
`);
