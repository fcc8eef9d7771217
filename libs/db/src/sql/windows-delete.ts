import { statement } from '../statement.ts';

/** Deletes the window snapshots of a topic and its entity claims. */
export const deleteWindows = statement<[detector: string, topic: string], never>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = $1 AND topic = $2)
  DELETE FROM flowline.entity_partitions WHERE detector = $1 AND topic = $2
`);
