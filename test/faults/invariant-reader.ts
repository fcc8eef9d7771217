import { setTimeout as sleep } from 'node:timers/promises';

import type { Stream } from './stream.ts';

export interface InvariantReader {
  stop(): Promise<{ readonly looks: number; readonly violations: readonly string[] }>;
}

const EVERY_MS = 300;

/**
 * Polls the tables, each time in one snapshot, and checks every partition: the stored offsets are
 * exactly those below the next offset, each once. Only for topics without gaps.
 */
export function watchInvariant(stream: Stream): InvariantReader {
  const stop = new AbortController();
  let looks = 0;
  const violations: string[] = [];
  const reading = (async () => {
    while (!stop.signal.aborted) {
      const rows = await stream.query(
        `SELECT o.partition, o.next_offset::float8 AS next, count(s."offset")::integer AS rows, count(DISTINCT s."offset")::integer AS positions,
                coalesce(max(s."offset") + 1, 0)::float8 AS beyond
         FROM flowline.stream_offsets AS o
         LEFT JOIN (
           SELECT partition, "offset" FROM flowline.scored_events UNION ALL SELECT partition, "offset" FROM flowline.dead_letters
           UNION ALL SELECT partition, "offset" FROM flowline.event_duplicates
         ) AS s USING (partition)
         GROUP BY o.partition, o.next_offset`,
      );
      looks++;
      for (const row of rows) {
        const { partition, next, rows: stored, positions, beyond } = row;
        if (stored !== next || positions !== next || beyond !== next)
          violations.push(
            `partition ${String(partition)}: next ${String(next)}, ${String(stored)} rows, ${String(positions)} positions up to ${String(beyond)}`,
          );
      }
      await sleep(EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      stop.abort();
      await reading;
      return { looks, violations };
    },
  };
}
