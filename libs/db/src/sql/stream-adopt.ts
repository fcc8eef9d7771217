import { statement } from '../statement.ts';

/** Notes which topic offsets count in that were stored before its id was known; the claims of entities follow. */
export const adoptStream = statement<[detector: string, topic: string, topicId: string], never>(`
  WITH claims AS (
    UPDATE flowline.entity_partitions SET topic_id = $3 WHERE detector = $1 AND topic = $2 AND topic_id = ''
  )
  UPDATE flowline.stream_offsets SET topic_id = $3 WHERE detector = $1 AND topic = $2 AND topic_id IS NULL
`);
