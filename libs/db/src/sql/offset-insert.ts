import { statement } from '../statement.ts';

/** Adds the fence of a stream that has none. */
export const insertOffset = statement<[detector: string, topic: string, partition: number], never>(`
  INSERT INTO flowline.stream_offsets (detector, topic, partition, next_offset) VALUES ($1, $2, $3, 0)
  ON CONFLICT (detector, topic, partition) DO NOTHING
`);
