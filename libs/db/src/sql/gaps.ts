import { maybe } from '../statement.ts';

/** Stores a gap of records that the topic no longer held. */
export const insertGap = maybe<
  { gapId: number },
  { detector: string; topic: string; topicId: string | null; partition: number; fromOffset: number; toOffset: number }
>(`
  INSERT INTO flowline.stream_gaps (detector, topic, topic_id, partition, from_offset, to_offset)
  VALUES (:detector, :topic, :topicId, :partition, :fromOffset, :toOffset)
  ON CONFLICT DO NOTHING RETURNING gap_id AS "gapId"
`);

/**
 * Moves a stream past lost records and stores the gap. No row if the stream is not at the start of
 * the gap.
 */
export const skipGap = maybe<
  { nextOffset: number },
  { detector: string; topic: string; topicId: string | null; partition: number; fromOffset: number; toOffset: number }
>(`
  WITH moved AS (
    UPDATE flowline.stream_offsets SET next_offset = :toOffset, updated_at = now()
    WHERE detector = :detector AND topic = :topic AND partition = :partition AND next_offset = :fromOffset
      AND (topic_id = :topicId OR topic_id IS NULL OR :topicId IS NULL)
    RETURNING next_offset
  ), noted AS (
    INSERT INTO flowline.stream_gaps (detector, topic, topic_id, partition, from_offset, to_offset)
    SELECT :detector, :topic, :topicId, :partition, :fromOffset, :toOffset FROM moved ON CONFLICT DO NOTHING
  )
  SELECT next_offset AS "nextOffset" FROM moved
`);
