import { statement } from '../statement.ts';

/** Deletes the offsets of a topic, its window snapshots and its entity claims. */
export const deleteStream = statement<[detector: string, topic: string], { readonly partition: number }>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = $1 AND topic = $2),
       claims AS (DELETE FROM flowline.entity_partitions WHERE detector = $1 AND topic = $2)
  DELETE FROM flowline.stream_offsets WHERE detector = $1 AND topic = $2 RETURNING partition
`);
