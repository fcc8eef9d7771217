import { statement } from '../statement.ts';

/** Ends the runs of a detector that say they are running: whoever holds its lock knows that they are not. */
export const abandonTrainingRuns = statement<[detector: string], { readonly runId: number }>(`
  UPDATE flowline.training_runs SET status = 'abandoned', finished_at = now()
  WHERE detector = $1 AND status = 'running' RETURNING run_id AS "runId"
`);
