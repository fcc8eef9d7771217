import type { PreparedTable } from '@flowline/embedded-postgres';
import type { Airport, Flight } from './flights.ts';

/**
 * Tables of the demo: the history that its detector learns from, and the airports that it looks up.
 */
export function demoTables(history: readonly Flight[], airports: readonly Airport[]): readonly PreparedTable[] {
  return [
    {
      name: 'flights',
      columns:
        'id text PRIMARY KEY, date timestamptz NOT NULL, delay integer NOT NULL, distance integer NOT NULL, origin text NOT NULL, destination text NOT NULL',
      csv: history
        .map(({ id, timeMs, delay, distance, origin, destination }) =>
          [id, new Date(timeMs).toISOString(), delay, distance, origin, destination].join(','),
        )
        .join('\n'),
    },
    {
      name: 'airports',
      columns: 'iata text PRIMARY KEY, latitude double precision NOT NULL, longitude double precision NOT NULL',
      csv: airports.map(({ iata, latitude, longitude }) => [iata, latitude, longitude].join(',')).join('\n'),
    },
  ];
}
