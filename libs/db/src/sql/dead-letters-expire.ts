import { statement } from '../statement.ts';

/** Removes dead letters of a detector that were stored more than so many days ago: at most so many at once. */
export const expireDeadLetters = statement<
  [detector: string, keepDays: number, limit: number],
  { readonly removed: number }
>(`
  WITH removed AS (
    DELETE FROM flowline.dead_letters WHERE dead_letter_id IN (
      SELECT dead_letter_id FROM flowline.dead_letters
      WHERE detector = $1 AND stored_at < now() - make_interval(days => $2::integer) ORDER BY stored_at LIMIT $3)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
