import { statement } from '../statement.ts';

/** Marks entities of a partition as in use. Each row is written at most once per day. */
export const markEntitiesSeen = statement<
  [
    detector: string,
    topic: string,
    topicId: string,
    key: readonly string[],
    partition: number,
    entities: readonly string[],
  ],
  never
>(`
  UPDATE flowline.entity_partitions SET last_seen = current_date
  WHERE detector = $1 AND topic = $2 AND topic_id = $3 AND key = $4::text[] AND partition = $5
    AND entity = ANY ($6::text[]) AND last_seen < current_date
`);
