import { statement } from '../statement.ts';

/** Selects the latest tick of a schedule that was claimed and not abandoned. */
export const selectLastTick = statement<[detector: string], { readonly scheduledFor: Date | null }>(`
  SELECT max(scheduled_for) AS "scheduledFor" FROM flowline.training_runs WHERE detector = $1 AND status <> 'abandoned'
`);
