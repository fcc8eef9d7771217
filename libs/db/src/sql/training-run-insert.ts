import { statement } from '../statement.ts';

/** Begins a run on demand. */
export const insertTrainingRun = statement<[detector: string, detectorVersion: number], { readonly runId: number }>(`
  INSERT INTO flowline.training_runs (detector, detector_version) VALUES ($1, $2) RETURNING run_id AS "runId"
`);
