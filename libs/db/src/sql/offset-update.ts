import { statement } from '../statement.ts';

/** Moves the fence of a stream. */
export const updateOffset = statement<[detector: string, topic: string, partition: number, nextOffset: number], never>(`
  UPDATE flowline.stream_offsets SET next_offset = $4, updated_at = now()
  WHERE detector = $1 AND topic = $2 AND partition = $3
`);
