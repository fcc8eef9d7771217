import { statement } from '../statement.ts';

/**
 * Deletes the partition claims of a detector's entities that were last seen more than `keepDays`
 * ago. Each call removes one day, the oldest first.
 */
export const expireEntities = statement<[detector: string, keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.entity_partitions WHERE detector = $1 AND last_seen = (
      SELECT min(last_seen) FROM flowline.entity_partitions WHERE detector = $1 AND last_seen < current_date - $2::integer)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
