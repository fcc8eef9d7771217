import { parseDetector } from '@flowline/config';

import type { TestDatabase } from '../../../test/support/postgres.ts';
import { applyTestDetector, testDetectorYaml } from '../../../test/support/scorer-model.ts';

/** Sizes of a detector whose pages are measured. */
export interface Sizes {
  readonly events: number;
  /** Days of event time over which they are spread, a partition of the table each. */
  readonly days: number;
}

/** Detector with the events. */
export const DETECTOR = 'checkout';
/** Partitions of its topic: each has intervals of its own, which a chart sums. */
const PARTITIONS = 4;
const ENTITIES = 200;
const ALPHA = 0.001;
/** Anomalies per alert. */
const PER_ALERT = 20;
/** Share of alerts that are open: the latest. */
const OPEN_SHARE = 0.1;
const DEAD_LETTERS = 500;
/** Cells of bits that are counted: no p-value of the events is less than 2 to their negative. */
const BITS = 30;

/**
 * Fills a migrated database with a trained detector, scored events, the intervals of their scores,
 * anomalies, alerts and dead letters, as a scorer would have left them.
 */
export async function fillPages(database: TestDatabase, { events, days }: Sizes): Promise<void> {
  const { db, query } = database;
  const text = testDetectorYaml(DETECTOR, 'orders').replace('eventId: id', 'eventId: id, key: [store]');
  await applyTestDetector(db, parseDetector(text, 'bench'));
  await query(
    `SELECT flowline.create_partition((now() AT TIME ZONE 'UTC')::date - i) FROM generate_series(0, ${days}) AS i`,
  );
  await query(`INSERT INTO flowline.score_sources (detector, detector_version, model_version, topic, partition)
    SELECT '${DETECTOR}', 1, 1, 'orders', i FROM generate_series(0, ${PARTITIONS - 1}) AS i`);
  await query('SELECT setseed(0.5)');
  const perDay = Math.ceil(events / days);
  for (let day = 0; day < days; day++) {
    const count = Math.min(perDay, events - day * perDay);
    const bounds = [day * perDay, day * perDay + count - 1, days - day, 86_400 / count];
    await query(storeEvents, bounds);
    await query(storeIntervals, [days - day]);
  }
  await query(storeHours);
  for (const statement of [storeAnomalies, storeAlerts, nameAlerts, countEvents, storeDeadLetters])
    await query(statement);
  await query('VACUUM ANALYZE');
}

/** Start of a day, $3 days before now, to the minute: intervals begin with one. */
const dayStart = (place: string): string => `date_trunc('minute', now()) - ${place}::int * interval '1 day'`;

/** Stores events $1 to $2, $4 seconds between them; p-values are those of a calibrated detector. */
const storeEvents = `
  INSERT INTO flowline.event_scores (scored_at, event_time, "offset", source_id, exact_log_density, exact_p_value, flags,
    event_id, exact_values, level_values, entity)
  SELECT at + interval '1 second', at, i / ${PARTITIONS}, source_id, -p, p, CASE WHEN p <= ${ALPHA} THEN 7 ELSE 6 END,
    'event-' || i, ARRAY[54 * p, 10 - p], ARRAY['card'], 'store-' || i % ${ENTITIES}
  FROM (
    SELECT i, ${dayStart('$3')} + (i - $1::bigint) * $4::float8 * interval '1 second' AS at,
      greatest(random(), 1e-8) AS p
    FROM generate_series($1::bigint, $2::bigint) AS i) e
  JOIN flowline.score_sources s ON s.detector = '${DETECTOR}' AND s.partition = i % ${PARTITIONS}`;

const counts = (places: number, value: string): string =>
  Array.from({ length: places }, (_, place) => `count(*) FILTER (WHERE ${value} = ${place})`).join(', ');

/** Sums the scores of the events of a day by minute, as commits do batch by batch. */
const storeIntervals = `
  INSERT INTO flowline.score_summaries (source_id, starts_at, width_seconds, events, anomalies, expected, bits_sum,
    bits_min, bits_max, p_cells, bits_cells)
  SELECT source_id, minute, 60, count(*), count(*) FILTER (WHERE p <= ${ALPHA}), count(*) * ${ALPHA}, sum(bits),
    min(bits), max(bits), ARRAY[${counts(20, 'least(19, floor(20 * p))')}]::integer[],
    (ARRAY[${counts(BITS, 'floor(bits)')}]::integer[])[1:floor(max(bits))::integer + 1]
  FROM (
    SELECT source_id, date_trunc('minute', event_time) AS minute, exact_p_value AS p, -ln(exact_p_value) / ln(2::float8) AS bits
    FROM flowline.event_scores
    WHERE event_time >= ${dayStart('$1')} AND event_time < ${dayStart('$1')} + interval '1 day') e
  GROUP BY source_id, minute`;

const sums = (places: number, column: string): string =>
  Array.from({ length: places }, (_, place) => `coalesce(sum(${column}[${place + 1}]), 0)`).join(', ');

/** Sums the intervals by the hour, as commits do. */
const storeHours = `
  INSERT INTO flowline.score_hours (source_id, starts_at, width_seconds, events, anomalies, expected, bits_sum, bits_min,
    bits_max, p_cells, bits_cells)
  SELECT source_id, date_trunc('hour', starts_at, 'UTC'), 3600, sum(events), sum(anomalies), sum(expected),
    sum(bits_sum), min(bits_min), max(bits_max), ARRAY[${sums(20, 'p_cells')}]::integer[],
    (ARRAY[${sums(BITS, 'bits_cells')}]::integer[])[1:max(cardinality(bits_cells))]
  FROM flowline.score_summaries GROUP BY 1, 2`;

const storeAnomalies = `
  INSERT INTO flowline.anomalies (detector, detector_version, model_version, topic, partition, "offset", event_id,
    event_time, scored_at, reason, log_density_nats, p_value, p_method, surprise_bits, top_feature, summary, alert)
  SELECT '${DETECTOR}', 1, 1, 'orders', s.partition, e."offset", e.event_id, e.event_time, e.scored_at, 'low_density',
    e.exact_log_density, e.exact_p_value, 'tail', -ln(e.exact_p_value) / ln(2::float8), 'latency',
    'latency 9,120, expected 20 to 143 given the rest (18.9 bits; the event 21.6)',
    jsonb_build_object(
      'event', jsonb_build_object('entity', e.entity),
      'observed', jsonb_build_object('latency', 9120, 'amount', 11.5, 'method', 'card'),
      'expected', jsonb_build_object(
        'latency', jsonb_build_object('median', 55, 'p05', 20, 'p95', 143),
        'amount', jsonb_build_object('median', 10, 'p05', 5, 'p95', 15)),
      'contributions', jsonb_build_array(
        jsonb_build_object('feature', 'latency', 'bits', 18.9, 'direction', 'high'),
        jsonb_build_object('feature', 'amount', 'bits', 1.1, 'direction', 'high')),
      'nearestNormal', jsonb_build_object('latency', 140, 'amount', 11.5, 'method', 'card'),
      'explanation', 'complete')
  FROM flowline.event_scores e JOIN flowline.score_sources s USING (source_id)
  WHERE s.detector = '${DETECTOR}' AND e.exact_p_value <= ${ALPHA}
  ORDER BY e.event_time`;

/** Id of the alert of a run of anomalies, as a UUID of version 4. */
const alertId = `overlay(overlay(md5('alert' || run) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;

const storeAlerts = `
  WITH runs AS (
    SELECT (row_number() OVER (ORDER BY event_time) - 1) / ${PER_ALERT} AS run, * FROM flowline.anomalies
  ), alerts AS (
    SELECT run, count(*) AS anomalies, min(event_time) AS first, max(event_time) AS last, max(surprise_bits) AS peak,
      percent_rank() OVER (ORDER BY run) > 1 - ${OPEN_SHARE} AS is_open,
      (array_agg(alert || jsonb_build_object('summary', summary) ORDER BY p_value))[1] AS worst
    FROM runs GROUP BY run
  )
  INSERT INTO flowline.alerts (alert_id, fingerprint, is_latest, detector, topic, partition, kind, entity, feature, phase,
    severity, count, first_seen, last_seen, resolved_at, due_at, peak_bits, recent, told, messages, peak, changed_at)
  SELECT ${alertId}, md5('run' || run)::uuid, true, '${DETECTOR}', 'orders', 0, 'density',
    worst #>> '{event,entity}', 'latency', CASE WHEN is_open THEN 'open' ELSE 'resolved' END,
    (ARRAY['info', 'warning', 'major', 'critical'])[1 + run % 4], anomalies, first, last,
    CASE WHEN NOT is_open THEN last END, CASE WHEN is_open THEN timestamptz '9999-12-31' END, peak, ARRAY[last], 'open',
    1, worst, last
  FROM alerts`;

const nameAlerts = `
  UPDATE flowline.anomalies a SET alert_id = ${alertId}
  FROM (SELECT anomaly_id, (row_number() OVER (ORDER BY event_time) - 1) / ${PER_ALERT} AS run FROM flowline.anomalies) r
  WHERE a.anomaly_id = r.anomaly_id`;

const countEvents = `
  INSERT INTO flowline.event_counts (detector, model_version, day, topic, partition, events, anomalies, expected)
  SELECT '${DETECTOR}', 1, (s.starts_at AT TIME ZONE 'UTC')::date, 'orders', o.partition, sum(s.events), sum(s.anomalies),
    sum(s.expected)
  FROM flowline.score_summaries s JOIN flowline.score_sources o USING (source_id) GROUP BY 3, 5`;

const storeDeadLetters = `
  INSERT INTO flowline.dead_letters (detector, detector_version, topic, partition, "offset", reason, message, value,
    headers, record_time)
  SELECT '${DETECTOR}', 1, 'orders', 0, 100000000 + i, 'not_json', 'the value is not JSON: found "{"', '\\x7b', '{}', now()
  FROM generate_series(1, ${DEAD_LETTERS}) AS i`;
