import { statement } from '../statement.ts';

/**
 * Deletes dead letters of a detector stored more than `keepDays` ago, at most `limit` per call,
 * oldest first.
 */
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
