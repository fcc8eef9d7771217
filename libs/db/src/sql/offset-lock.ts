import { statement } from '../statement.ts';

/** Takes the fence of a stream: its offset and the topic that it counts in, locked until the transaction ends. */
export const lockOffset = statement<
  [detector: string, topic: string, partition: number],
  { readonly nextOffset: number; readonly topicId: string | null }
>(`
  SELECT next_offset AS "nextOffset", topic_id AS "topicId" FROM flowline.stream_offsets
  WHERE detector = $1 AND topic = $2 AND partition = $3 FOR UPDATE
`);
