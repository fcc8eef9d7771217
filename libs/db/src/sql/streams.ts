import { statement } from '../statement.ts';

/**
 * Begins partitions of a topic at their start offsets. Existing partitions are unchanged; a deleted
 * detector begins none.
 */
export const insertStream = statement<
  [
    detector: string,
    topic: string,
    topicId: string | null,
    partitions: readonly number[],
    nextOffsets: readonly number[],
  ],
  { readonly partition: number }
>(`
  INSERT INTO flowline.stream_offsets (detector, topic, topic_id, partition, next_offset)
  SELECT $1::text, $2::text, $3::text, p, n FROM unnest($4::integer[], $5::bigint[]) AS begins (p, n)
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = $1 AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO NOTHING
  RETURNING partition
`);
