import { execute, maybe } from '../statement.ts';

/** Selects the latest window snapshot of a partition. */
export const selectWindows = maybe<
  { id: string; nextOffset: number; bytes: Buffer },
  { detector: string; topic: string; partition: number }
>(`
  SELECT windows_id AS id, next_offset AS "nextOffset", state AS bytes FROM flowline.window_snapshots
  WHERE detector = :detector AND topic = :topic AND partition = :partition
`);

/**
 * Stores the window snapshot of a partition. An older snapshot never replaces a newer one of the
 * same kind.
 */
export const upsertWindows = execute<{
  detector: string;
  topic: string;
  partition: number;
  id: string;
  nextOffset: number;
  state: Buffer;
}>(`
  INSERT INTO flowline.window_snapshots AS kept (detector, topic, partition, windows_id, next_offset, state)
  VALUES (:detector, :topic, :partition, :id, :nextOffset, :state)
  ON CONFLICT (detector, topic, partition) DO UPDATE
  SET windows_id = excluded.windows_id, next_offset = excluded.next_offset, state = excluded.state, stored_at = now()
  WHERE kept.windows_id <> excluded.windows_id OR kept.next_offset < excluded.next_offset
`);

/** Deletes the window snapshots of a topic and its entity claims. */
export const deleteWindows = execute<{ detector: string; topic: string }>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = :detector AND topic = :topic)
  DELETE FROM flowline.entity_partitions WHERE detector = :detector AND topic = :topic
`);
