import { statement } from '../statement.ts';

/**
 * Moves a stream past lost records and stores the gap. No row if the stream is not at the start of
 * the gap.
 */
export const skipGap = statement<
  [detector: string, topic: string, topicId: string | null, partition: number, fromOffset: number, toOffset: number],
  { readonly nextOffset: number }
>(`
  WITH moved AS (
    UPDATE flowline.stream_offsets SET next_offset = $6, updated_at = now()
    WHERE detector = $1 AND topic = $2 AND partition = $4 AND next_offset = $5
      AND (topic_id = $3 OR topic_id IS NULL OR $3 IS NULL)
    RETURNING next_offset
  ), noted AS (
    INSERT INTO flowline.stream_gaps (detector, topic, topic_id, partition, from_offset, to_offset)
    SELECT $1, $2, $3, $4, $5, $6 FROM moved ON CONFLICT DO NOTHING
  )
  SELECT next_offset AS "nextOffset" FROM moved
`);
