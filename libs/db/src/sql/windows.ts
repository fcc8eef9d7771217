import { statement } from '../statement.ts';

/**
 * Stores the window snapshot of a partition. An older snapshot never replaces a newer one of the
 * same kind.
 */
export const upsertWindows = statement<
  [detector: string, topic: string, partition: number, id: string, nextOffset: number, state: Buffer],
  never
>(`
  INSERT INTO flowline.window_snapshots AS kept (detector, topic, partition, windows_id, next_offset, state)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (detector, topic, partition) DO UPDATE
  SET windows_id = excluded.windows_id, next_offset = excluded.next_offset, state = excluded.state, stored_at = now()
  WHERE kept.windows_id <> excluded.windows_id OR kept.next_offset < excluded.next_offset
`);
