import { statement } from '../statement.ts';

/** Notes that entities of a partition are in use: once a day at most, and at no cost while the day lasts. */
export const markEntitiesSeen = statement<
  [detector: string, topic: string, partition: number, entities: readonly string[]],
  never
>(`
  UPDATE flowline.entity_partitions SET last_seen = current_date
  WHERE detector = $1 AND topic = $2 AND partition = $3 AND entity = ANY ($4::text[]) AND last_seen < current_date
`);
