import { statement } from '../statement.ts';

/** The offset of a stream. */
export const selectOffset = statement<
  [detector: string, topic: string, partition: number],
  { readonly nextOffset: number }
>(`
  SELECT next_offset AS "nextOffset" FROM flowline.stream_offsets WHERE detector = $1 AND topic = $2 AND partition = $3
`);
