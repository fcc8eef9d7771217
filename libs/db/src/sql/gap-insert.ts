import { statement } from '../statement.ts';

/** Stores a gap of records that the topic no longer held. */
export const insertGap = statement<
  [detector: string, topic: string, topicId: string | null, partition: number, fromOffset: number, toOffset: number],
  { readonly gapId: number }
>(`
  INSERT INTO flowline.stream_gaps (detector, topic, topic_id, partition, from_offset, to_offset)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT DO NOTHING RETURNING gap_id AS "gapId"
`);
