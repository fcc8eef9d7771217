import { statement } from '../statement.ts';

/** Selects the offset of every partition of a topic, with the id of that topic. */
export const selectStream = statement<
  [detector: string, topic: string],
  { readonly partition: number; readonly nextOffset: number; readonly topicId: string | null }
>(`
  SELECT partition, next_offset AS "nextOffset", topic_id AS "topicId" FROM flowline.stream_offsets
  WHERE detector = $1 AND topic = $2 ORDER BY partition
`);
