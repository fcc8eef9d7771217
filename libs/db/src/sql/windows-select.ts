import { statement } from '../statement.ts';

/** Selects the latest window snapshot of a partition. */
export const selectWindows = statement<
  [detector: string, topic: string, partition: number],
  { readonly id: string; readonly nextOffset: number; readonly bytes: Buffer }
>(`
  SELECT windows_id AS id, next_offset AS "nextOffset", state AS bytes FROM flowline.window_snapshots
  WHERE detector = $1 AND topic = $2 AND partition = $3
`);
