import { statement } from '../statement.ts';

/**
 * Moves partitions back to the ends of their logs, and deletes window snapshots that cover records
 * beyond.
 */
export const cutStream = statement<
  [detector: string, topic: string, partitions: readonly number[], ends: readonly number[]],
  { readonly partition: number }
>(`
  WITH snapshots AS (
    DELETE FROM flowline.window_snapshots WHERE detector = $1 AND topic = $2 AND partition = ANY ($3::integer[])
  )
  UPDATE flowline.stream_offsets AS s SET next_offset = cut.log_end, updated_at = now()
  FROM unnest($3::integer[], $4::bigint[]) AS cut (partition, log_end)
  WHERE s.detector = $1 AND s.topic = $2 AND s.partition = cut.partition AND s.next_offset > cut.log_end
  RETURNING s.partition
`);
