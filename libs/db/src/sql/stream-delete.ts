import { statement } from '../statement.ts';

/** Forgets the offsets of a topic, the windows over it, and which partition its entities belong to. */
export const deleteStream = statement<[detector: string, topic: string], { readonly partition: number }>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = $1 AND topic = $2),
       claims AS (DELETE FROM flowline.entity_partitions WHERE detector = $1 AND topic = $2)
  DELETE FROM flowline.stream_offsets WHERE detector = $1 AND topic = $2 RETURNING partition
`);
