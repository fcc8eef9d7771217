import { applyRetention, migrate } from '@flowline/db';

import { migrateBefore } from '../../../test/support/earlier-release.ts';
import type { TestDatabase } from '../../../test/support/postgres.ts';
import { BUSY_ENTITY, BUSY_FEATURE, DAY_MS, DETECTORS, ENTITIES, eventTimeMs, FEATURES, type Sizes } from './sizes.ts';

/** Rows stored per statement, as by a batch of one detector. */
const BATCH = 20_000;
/** Events for which autovacuum comes. */
const UNSEEN = 20_000;
const KEEP_DAYS = 400;
/** Migration that brought the layout of today. */
const COMPACT = '0040';

/**
 * Fills an empty database in the layout that the scorer writes: ten numbers per event, batches of
 * several detectors in turn, old days as the earlier release stored them. Vacuum has seen all but
 * the last {@link UNSEEN} events, and retention has run, as it does once a day.
 */
export async function fillDatabase(database: TestDatabase, sizes: Sizes): Promise<void> {
  const firstNew = Math.round((sizes.events * sizes.oldDays) / sizes.days);
  if (sizes.oldDays > 0) {
    await migrateBefore(database, COMPACT);
    await createPartitions(database, sizes, 0, sizes.oldDays);
    await fillEvents(database, sizes, 0, firstNew, oldRows);
  }
  await migrate(database.db);
  await createPartitions(database, sizes, sizes.oldDays, sizes.days);
  await database.query(`INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
    SELECT 'detector-' || i, 1, 1, 'events', 0 FROM generate_series(0, ${DETECTORS - 1}) AS i`);
  await fillEvents(database, sizes, firstNew, sizes.events - UNSEEN, newRows);
  await fillAnomalies(database, sizes.anomalies);
  await database.query('VACUUM ANALYZE');
  await fillEvents(database, sizes, sizes.events - UNSEEN, sizes.events, newRows);
  const keepAll = { scoredDays: sizes.days + 1, anomaliesDays: KEEP_DAYS, deadLettersDays: KEEP_DAYS };
  await applyRetention(database.db, [{ detector: 'detector-0', ...keepAll }]);
}

/** Creates the partitions of the days from one boundary between days to another. */
async function createPartitions({ query }: TestDatabase, sizes: Sizes, from: number, to: number): Promise<void> {
  const firstMs = sizes.endMs - (sizes.days - from) * DAY_MS;
  await query(
    `SELECT flowline.create_partition((to_timestamp($1::float8 / 1000) AT TIME ZONE 'UTC')::date + i)
     FROM generate_series(0, $2::int) AS i`,
    [firstMs, to - from],
  );
}

const numbers = `ARRAY[${Array<string>(10).fill('random()').join(', ')}]`;
/** Stores events $1 to $2 of detector $3: the first at $4, and $5 between them, in milliseconds. */
const time = `to_timestamp(($4::float8 + (i - $1::int) * $5::float8) / 1000)`;
const oldRows = `INSERT INTO flowline.scored_events (detector, detector_version, model_version, topic, partition, "offset", event_id,
    event_time, scored_at, log_density_nats, p_value, p_method, is_anomaly, numeric_values, level_values)
  SELECT 'detector-' || $3::int, 1, 1, 'events', 0, i, 'event-' || i, ${time}, ${time} + interval '1 second',
    -10 * random(), random(), 'empirical', false, ${numbers}, '{}'
  FROM generate_series($1::int, $2::int) AS i`;
const newRows = `INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, log_density, p_value, flags, event_id,
    numeric_values)
  SELECT ${time} + interval '1 second', ${time}, i,
    (SELECT source_id FROM flowline.score_sources WHERE detector = 'detector-' || $3::int), -10 * random(), random(), 6,
    'event-' || i, ${numbers}::real[]
  FROM generate_series($1::int, $2::int) AS i`;

async function fillEvents(
  { query }: TestDatabase,
  sizes: Sizes,
  from: number,
  to: number,
  text: string,
): Promise<void> {
  const stepMs = (sizes.days * DAY_MS) / sizes.events;
  for (let first = from; first < to; first += BATCH) {
    const last = Math.min(first + BATCH, to) - 1;
    await query(text, [first, last, Math.floor(first / BATCH) % DETECTORS, eventTimeMs(sizes, first), stepMs]);
  }
}

async function fillAnomalies({ query }: TestDatabase, anomalies: number): Promise<void> {
  for (let first = 1; first <= anomalies; first += BATCH) {
    await query(
      `INSERT INTO flowline.anomalies (alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id,
         event_time, scored_at, reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert)
       SELECT gen_random_uuid(), 'detector-' || i % ${DETECTORS}, 1, 1, 'events', 0, i, 'event-' || i,
         now() - i * interval '10 seconds', now() - i * interval '10 seconds', 'low_density', -50 * random(), power(2, -20 * random()),
         'tail', 20 * random(), CASE WHEN i % 2 = 0 THEN '${BUSY_FEATURE}' ELSE 'feature-' || i % ${FEATURES} END, 'summary',
         jsonb_build_object(
           'event', jsonb_build_object('entity', CASE WHEN i % 5 = 0 THEN '${BUSY_ENTITY}' ELSE 'entity-' || i % ${ENTITIES} END),
           'contributions', (SELECT jsonb_agg(md5(i::text || j)) FROM generate_series(1, 40) AS j))
       FROM generate_series($1::int, $2::int) AS i`,
      [first, Math.min(first + BATCH - 1, anomalies)],
    );
  }
}
