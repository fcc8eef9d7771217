import type { Database } from './database.ts';
import type { HistorySource } from './history-query.ts';
import { selectAlikeVersions } from './sql/detector-versions.ts';
import { countStoredEvents } from './sql/scored-events.ts';
import { withTransaction } from './transaction.ts';

/**
 * Stored events of a detector as history, with or without a score. It covers versions with the same
 * features as the one in force, and of anomalies only those in the sample, so that they keep the
 * weight they have in the stream, and none that is excluded from training.
 *
 * The columns are those of the layout, with features in original units and in the order of the
 * detector's schema: a number is in `exact_values`, or else in `compact_values`, or else missing.
 * Either is null where it holds no number of the row.
 */
export async function eventHistory(db: Database, detector: string): Promise<HistorySource> {
  const versions = await alikeVersions(db, detector);
  const name = `'${detector.replaceAll("'", "''")}'`;
  return {
    query: `SELECT e.event_time, e.exact_values, e.compact_values, e.level_values FROM flowline.event_history e
      WHERE e.detector = ${name} AND e.detector_version IN (${[0, ...versions].join(', ')}) AND e.in_sample
        AND NOT EXISTS (SELECT FROM flowline.excluded_events x
          WHERE x.detector = ${name} AND x.event_time = e.event_time
            AND x.topic = e.topic AND x.partition = e.partition AND x."offset" = e."offset")`,
    timeColumn: 'event_time',
    timeUnit: 'iso',
  };
}

/**
 * Arrivals of a topic's events at a detector as history: their times and entities, whatever their
 * values, whoever excluded them, and whichever version of the detector read them.
 */
export function arrivalHistory(detector: string, topic: string): HistorySource {
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  return {
    query: `SELECT e.event_time, e.entity FROM flowline.scored_events e
      WHERE e.detector = ${text(detector)} AND e.topic = ${text(topic)}`,
    timeColumn: 'event_time',
    timeUnit: 'iso',
  };
}

/** Counts the events of {@link eventHistory}, up to `limit`. */
export async function countEventHistory(db: Database, detector: string, limit: number): Promise<number> {
  const versions = await alikeVersions(db, detector);
  const { events } = await withTransaction(db, (client) => countStoredEvents(client, { detector, versions, limit }));
  return events;
}

async function alikeVersions(db: Database, detector: string): Promise<number[]> {
  const rows = await withTransaction(db, (client) => selectAlikeVersions(client, { detector }));
  return rows.map(({ version }) => version);
}
