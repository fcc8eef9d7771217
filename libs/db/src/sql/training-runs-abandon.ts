import { statement } from '../statement.ts';

/**
 * Marks the running runs of a detector as abandoned. The holder of its training lease knows that
 * none is really running.
 */
export const abandonTrainingRuns = statement<[detector: string], { readonly runId: number }>(`
  UPDATE flowline.training_runs SET status = 'abandoned', finished_at = now()
  WHERE detector = $1 AND status = 'running' RETURNING run_id AS "runId"
`);
