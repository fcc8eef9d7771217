import { statement } from '../statement.ts';

/** Sets the topic id of offsets stored before the id was known, and of their entity claims. */
export const adoptStream = statement<[detector: string, topic: string, topicId: string], never>(`
  WITH claims AS (
    UPDATE flowline.entity_partitions SET topic_id = $3 WHERE detector = $1 AND topic = $2 AND topic_id = ''
  )
  UPDATE flowline.stream_offsets SET topic_id = $3 WHERE detector = $1 AND topic = $2 AND topic_id IS NULL
`);
