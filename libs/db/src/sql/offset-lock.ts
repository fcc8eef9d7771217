import { statement } from '../statement.ts';

/**
 * Locks the fence of a stream until the transaction ends: its offset, and the topic to which the
 * offset refers.
 */
export const lockOffset = statement<
  [detector: string, topic: string, partition: number],
  { readonly nextOffset: number; readonly topicId: string | null }
>(`
  SELECT next_offset AS "nextOffset", topic_id AS "topicId" FROM flowline.stream_offsets
  WHERE detector = $1 AND topic = $2 AND partition = $3 FOR UPDATE
`);
