import { statement } from '../statement.ts';

/** Removes the dead letters of a detector that were stored more than so many days ago. */
export const expireDeadLetters = statement<[detector: string, keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.dead_letters
    WHERE detector = $1 AND stored_at < now() - make_interval(days => $2::integer) RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
