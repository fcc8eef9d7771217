import { statement } from '../statement.ts';

/**
 * Drops the oldest partition of scored_events whose day ended at least `keepDays` days ago (UTC);
 * null if there is none.
 */
export const dropScoredPartition = statement<[keepDays: number], { readonly dropped: string | null }>(`
  SELECT flowline.drop_partition_before((now() AT TIME ZONE 'UTC')::date - $1::integer) AS dropped
`);
