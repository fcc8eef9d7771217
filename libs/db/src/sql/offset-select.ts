import { statement } from '../statement.ts';

/** Selects the offset of a stream. */
export const selectOffset = statement<
  [detector: string, topic: string, partition: number],
  { readonly nextOffset: number; readonly recordTime: Date | null }
>(`
  SELECT next_offset AS "nextOffset", record_time AS "recordTime" FROM flowline.stream_offsets
  WHERE detector = $1 AND topic = $2 AND partition = $3
`);
