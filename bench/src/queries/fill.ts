import type { TestDatabase } from '../../../test/support/postgres.ts';

/** Sizes of the tables. */
export interface Sizes {
  readonly events: number;
  readonly anomalies: number;
  /** Time of the last event, milliseconds since the epoch. */
  readonly endMs: number;
}

/** Detectors, entities and features whose rows are mixed. */
export const DETECTORS = 8;
export const ENTITIES = 2_000;
export const FEATURES = 20;
/** Length of the stream of stored events: a day, which is one partition. */
export const STREAM_MS = 86_400_000;
/** Rows stored per statement, as by a batch of one detector. */
const BATCH = 20_000;

/**
 * Fills the tables in the layout that the scorer writes: ten numbers per event, batches of several
 * detectors in turn. Ends with a vacuum, as autovacuum would.
 */
export async function fillTables({ query }: TestDatabase, { events, anomalies, endMs }: Sizes): Promise<void> {
  await query(`INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
    SELECT 'detector-' || i, 1, 1, 'events', 0 FROM generate_series(0, ${DETECTORS - 1}) AS i`);
  for (let first = 0; first < events; first += BATCH) {
    await query(
      `INSERT INTO flowline.event_scores
         (scored_at, event_time, "offset", source_id, log_density, p_value, flags, event_id, numeric_values)
       SELECT now(), to_timestamp($5::float8 / 1000) + (i - $3::float8) / $3::float8 * interval '${STREAM_MS} ms', i,
         (SELECT source_id FROM flowline.score_sources WHERE detector = 'detector-' || $4::int), -10 * random(), random(), 6,
         'event-' || i, ARRAY[random(), random(), random(), random(), random(), random(), random(), random(), random(), random()]::real[]
       FROM generate_series($1::int, $2::int) AS i`,
      [first, Math.min(first + BATCH, events) - 1, events, (first / BATCH) % DETECTORS, endMs],
    );
  }
  await query(
    `INSERT INTO flowline.anomalies (alert_id, detector, detector_version, model_version, topic, partition, "offset", event_id,
       event_time, scored_at, reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert)
     SELECT gen_random_uuid(), 'detector-' || i % ${DETECTORS}, 1, 1, 'events', 0, i, 'event-' || i,
       now() - i * interval '10 seconds', now() - i * interval '10 seconds', 'low_density', -50 * random(), power(2, -20 * random()),
       'tail', 20 * random(), 'feature-' || i % ${FEATURES}, 'summary',
       jsonb_build_object('event', jsonb_build_object('entity', 'entity-' || i % ${ENTITIES}),
         'contributions', (SELECT jsonb_agg(md5(i::text || j)) FROM generate_series(1, 40) AS j))
     FROM generate_series(1, $1::int) AS i`,
    [anomalies],
  );
  await query('VACUUM ANALYZE');
}
