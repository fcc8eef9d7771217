import { statement } from '../statement.ts';

/** Drops the partitions of scored_events whose day ended so many days ago. */
export const dropScoredPartitions = statement<[keepDays: number], { readonly dropped: number }>(`
  SELECT flowline.drop_partitions((now() AT TIME ZONE 'UTC')::date - $1::integer) AS dropped
`);
