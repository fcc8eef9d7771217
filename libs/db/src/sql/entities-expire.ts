import { statement } from '../statement.ts';

/**
 * Forgets the partition of entities of a detector that have been silent for so many days: those of one day
 * at once, the longest silent first.
 */
export const expireEntities = statement<[detector: string, keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.entity_partitions WHERE detector = $1 AND last_seen = (
      SELECT min(last_seen) FROM flowline.entity_partitions WHERE detector = $1 AND last_seen < current_date - $2::integer)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
