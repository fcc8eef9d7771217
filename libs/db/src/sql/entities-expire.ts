import { statement } from '../statement.ts';

/** Forgets the partition of entities of a detector that have been silent for so many days. */
export const expireEntities = statement<[detector: string, keepDays: number], { readonly removed: number }>(`
  WITH removed AS (
    DELETE FROM flowline.entity_partitions WHERE detector = $1 AND last_seen < current_date - $2::integer RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
