import { statement } from '../statement.ts';

/** Forgets the windows of a topic, and which partition its entities belong to. */
export const deleteWindows = statement<[detector: string, topic: string], never>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = $1 AND topic = $2)
  DELETE FROM flowline.entity_partitions WHERE detector = $1 AND topic = $2
`);
