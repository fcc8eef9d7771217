import { execute, many, maybe, one } from '../statement.ts';

/** Columns of an interval, and those of one in a list as JSON. */
const columns = `source_id, starts_at, width_seconds, events, anomalies, expected, bits_sum, bits_min, bits_max, p_cells,
  bits_cells`;
const listed = `c ("startsMs" double precision, events bigint, anomalies bigint, expected double precision,
  "bitsSum" double precision, "bitsMin" real, "bitsMax" real, "pCells" integer[], "bitsCells" integer[])`;
const counts = `c.events, c.anomalies, c.expected, c."bitsSum", c."bitsMin", c."bitsMax", c."pCells", c."bitsCells"`;
const orAdd = `
  ON CONFLICT (source_id, starts_at, width_seconds) DO UPDATE SET
    events = s.events + excluded.events, anomalies = s.anomalies + excluded.anomalies,
    expected = s.expected + excluded.expected, bits_sum = s.bits_sum + excluded.bits_sum,
    bits_min = least(s.bits_min, excluded.bits_min), bits_max = greatest(s.bits_max, excluded.bits_max),
    p_cells = flowline.add_counts(s.p_cells, excluded.p_cells),
    bits_cells = flowline.add_counts(s.bits_cells, excluded.bits_cells), stored_at = now()`;

/**
 * Adds intervals of event time to those that are stored, and the same events by the hour; `cells`
 * and `hours` are lists of them as JSON.
 */
export const addSummaries = execute<{
  sourceId: number;
  seconds: number;
  cells: string;
  hourSeconds: number;
  hours: string;
}>(`
  WITH stored AS (
    INSERT INTO flowline.score_summaries AS s (${columns})
    SELECT :sourceId::integer, to_timestamp(c."startsMs" / 1000), :seconds::integer, ${counts}
    FROM jsonb_to_recordset(:cells::jsonb) AS ${listed} ${orAdd})
  INSERT INTO flowline.score_hours AS s (${columns})
  SELECT :sourceId::integer, to_timestamp(c."startsMs" / 1000), :hourSeconds::integer, ${counts}
  FROM jsonb_to_recordset(:hours::jsonb) AS ${listed} ${orAdd}
`);

/** Range of event time, the end exclusive. */
interface Range {
  readonly detector: string;
  readonly from: Date;
  readonly to: Date;
}

/** Range, and the part of it that is read by the hour. */
interface Parts extends Range {
  readonly hoursFrom: Date;
  readonly hoursTo: Date;
}

/** Intervals of a detector in a range: whole hours, and those that are stored at its ends. */
const within = `
  FROM flowline.score_sources o CROSS JOIN LATERAL (
    SELECT ${columns} FROM flowline.score_summaries
    WHERE source_id = o.source_id AND starts_at >= :from AND starts_at < :hoursFrom
    UNION ALL SELECT ${columns} FROM flowline.score_hours
    WHERE source_id = o.source_id AND starts_at >= :hoursFrom AND starts_at < :hoursTo
    UNION ALL SELECT ${columns} FROM flowline.score_summaries
    WHERE source_id = o.source_id AND starts_at >= :hoursTo AND starts_at < :to) s
  WHERE o.detector = :detector`;

/** Counts the partitions from which events of a detector came. */
export const selectPartitionCount = one<{ partitions: number }, { detector: string }>(`
  SELECT count(DISTINCT (topic, partition))::integer AS partitions
  FROM flowline.score_sources WHERE detector = :detector
`);

/** First and last interval of a detector; null if it has none. */
export const selectSummaryRange = maybe<{ first: Date; last: Date }, { detector: string }>(`
  SELECT min(ends.first) AS first, max(ends.last) AS last
  FROM flowline.score_sources o
  CROSS JOIN LATERAL (
    SELECT min(s.starts_at) AS first, max(s.starts_at) AS last
    FROM flowline.score_summaries s WHERE s.source_id = o.source_id) ends
  WHERE o.detector = :detector HAVING min(ends.first) IS NOT NULL
`);

/** Last hour of a detector; null if it has none. */
export const selectLastHour = one<{ last: Date | null }, { detector: string }>(`
  SELECT max(ends.last) AS last
  FROM flowline.score_sources o
  CROSS JOIN LATERAL (
    SELECT max(s.starts_at) AS last FROM flowline.score_hours s WHERE s.source_id = o.source_id) ends
  WHERE o.detector = :detector
`);

/** Scores of an interval of a chart. */
export interface TimelineRow {
  readonly at: Date;
  /** Length of the longest stored interval that is part of it. */
  readonly storedSeconds: number;
  readonly events: number;
  readonly anomalies: number;
  readonly expected: number;
  readonly meanBits: number;
  readonly minBits: number;
  readonly maxBits: number;
}

/** Sums stored intervals into longer ones, in order of time. */
export const selectTimeline = many<TimelineRow, Parts & { readonly seconds: number }>(`
  SELECT to_timestamp(floor(date_part('epoch', s.starts_at) / :seconds::float8) * :seconds::float8) AS at,
    max(s.width_seconds) AS "storedSeconds",
    sum(s.events)::bigint AS events, sum(s.anomalies)::bigint AS anomalies, sum(s.expected) AS expected,
    sum(s.bits_sum) / sum(s.events)::float8 AS "meanBits", min(s.bits_min)::float8 AS "minBits",
    max(s.bits_max)::float8 AS "maxBits"
  ${within}
  GROUP BY floor(date_part('epoch', s.starts_at) / :seconds::float8) ORDER BY 1
`);

/** Model and definition that scored, from a time on. */
export interface TimelineMark {
  readonly at: Date;
  readonly modelVersion: number | null;
  readonly detectorVersion: number;
}

/**
 * Selects the models and definitions that scored within a range, each with its first interval: a
 * look into the index per source.
 */
export const selectTimelineMarks = many<TimelineMark, Range>(`
  SELECT min(own.first) AS at, o.model_version AS "modelVersion", o.detector_version AS "detectorVersion"
  FROM flowline.score_sources o
  CROSS JOIN LATERAL (
    SELECT min(s.starts_at) AS first FROM flowline.score_summaries s
    WHERE s.source_id = o.source_id AND s.starts_at >= :from AND s.starts_at < :to) own
  WHERE o.detector = :detector AND own.first IS NOT NULL GROUP BY 2, 3 ORDER BY 1, 2, 3
`);

/** Cells that are summed one by one, which is several times as fast as unnesting every list. */
const SUMMED_CELLS = 20;

const sumsOf = (column: string): string =>
  Array.from({ length: SUMMED_CELLS }, (_, place) => `sum(s.${column}[${place + 1}])`).join(', ');

/**
 * Counts events by cell of their p-values (`p`, from 0) or of their bits. Few intervals have events
 * of as many bits as are unnested.
 */
export const selectScoreCounts = many<{ kind: 'p' | 'bits'; cell: number; events: number }, Parts>(`
  WITH counted AS (SELECT ARRAY[${sumsOf('p_cells')}] AS p, ARRAY[${sumsOf('bits_cells')}] AS bits ${within})
  SELECT kind, (place - 1)::integer AS cell, events::bigint
  FROM counted CROSS JOIN LATERAL (
    SELECT 'p' AS kind, events, place FROM unnest(p) WITH ORDINALITY AS cells (events, place)
    UNION ALL SELECT 'bits', events, place FROM unnest(bits) WITH ORDINALITY AS cells (events, place)) cells
  WHERE events IS NOT NULL
  UNION ALL
  SELECT 'bits', (${SUMMED_CELLS} + place - 1)::integer, sum(cell)::bigint
  FROM (
    SELECT s.bits_cells[${SUMMED_CELLS + 1}:] AS rest ${within} AND cardinality(s.bits_cells) > ${SUMMED_CELLS}) found
  CROSS JOIN LATERAL unnest(rest) WITH ORDINALITY AS cells (cell, place) GROUP BY place
  ORDER BY 1, 2
`);

/** Alarms of a day of event time. */
export interface AlarmDayRow {
  readonly day: string;
  readonly events: number;
  /** By the thresholds that decided, and of events that always alarm. */
  readonly expected: number;
  readonly measured: number;
}

/** Selects the last days of event time on which there were events, the latest last. */
export const selectAlarmDays = many<AlarmDayRow, { detector: string; from: Date }>(`
  SELECT d.day::text AS day, sum(d.events)::bigint AS events,
    sum(d.expected + coalesce(e.always_rate, 0) * (d.events - d.expected)) AS expected,
    sum(d.measured)::bigint AS measured
  FROM (
    SELECT (s.starts_at AT TIME ZONE 'UTC')::date AS day, o.model_version, sum(s.events) AS events,
      sum(s.expected) AS expected, sum(s.anomalies) AS measured
    FROM flowline.score_sources o JOIN flowline.score_hours s USING (source_id)
    WHERE o.detector = :detector AND s.starts_at >= :from GROUP BY 1, 2) d
  LEFT JOIN flowline.alarm_expectations e ON e.detector = :detector AND e.model_version = d.model_version
  GROUP BY d.day ORDER BY d.day
`);

/** Counts the events that models have scored, and the open alerts by severity. */
export const selectLoad = one<
  { scored: number; alerts: Readonly<Record<string, number>>; modelTrainedAt: Date | null },
  { detector: string }
>(`
  SELECT (SELECT coalesce(sum(c.events), 0)::bigint FROM flowline.event_counts c WHERE c.detector = :detector) AS scored,
    (SELECT coalesce(jsonb_object_agg(a.severity, a.alerts), '{}') FROM (
      SELECT severity, count(*) AS alerts FROM flowline.alerts
      WHERE detector = :detector AND due_at IS NOT NULL GROUP BY severity) a) AS alerts,
    (SELECT m.created_at FROM flowline.model_aliases l
      JOIN flowline.model_versions m ON m.detector = l.detector AND m.version = l.version
      WHERE l.detector = :detector AND l.alias = 'champion') AS "modelTrainedAt"
`);

const expire = (table: string) =>
  one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.${table} s USING (
      SELECT s.source_id, s.starts_at, s.width_seconds
      FROM flowline.score_sources o JOIN flowline.${table} s USING (source_id)
      WHERE o.detector = :detector AND s.stored_at < now() - make_interval(days => :keepDays::integer)
      LIMIT :limit) old
    WHERE s.source_id = old.source_id AND s.starts_at = old.starts_at AND s.width_seconds = old.width_seconds
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);

/** Deletes intervals of a detector stored more than `keepDays` ago, at most `limit`. */
export const expireSummaries = expire('score_summaries');

/** Deletes hours of a detector that changed more than `keepDays` ago, at most `limit`. */
export const expireHours = expire('score_hours');
