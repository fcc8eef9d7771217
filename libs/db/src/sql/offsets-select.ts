import { statement } from '../statement.ts';

/** Selects the offset of every partition of a stream that has stored records. */
export const selectOffsets = statement<
  [detector: string, topic: string],
  { readonly partition: number; readonly nextOffset: number; readonly recordTime: Date | null }
>(`
  SELECT partition, next_offset AS "nextOffset", record_time AS "recordTime" FROM flowline.stream_offsets
  WHERE detector = $1 AND topic = $2 ORDER BY partition
`);
