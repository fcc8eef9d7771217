import { statement } from '../statement.ts';

/** Creates the missing partitions of scored_events, from yesterday on. */
export const ensureScoredPartitions = statement<[days: number], { readonly created: number }>(`
  SELECT flowline.ensure_partitions((now() AT TIME ZONE 'UTC')::date - 1, $1) AS created
`);
