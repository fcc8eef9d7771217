import { execute, many, one } from '../statement.ts';
import { alertStateColumns, type AlertStateRow, NEVER_DUE } from './alerts.ts';

/** Stream of a detector. */
interface Stream {
  readonly detector: string;
  readonly topic: string;
}

/**
 * Notes the arrival of events of entities, or of the stream (the entity is empty). A new one is
 * added while there are fewer than `limit`. Returns those that were refused for that.
 */
export const noteArrivals = one<
  { refused: readonly string[] },
  Stream & { partition: number; ofEntity: boolean; entities: readonly string[]; limit: number }
>(`
  WITH named AS (
    SELECT entity FROM unnest(:entities::text[]) AS entity
  ), known AS (
    UPDATE flowline.arrivals AS a SET last_seen = clock_timestamp(), partition = :partition
    FROM named n
    WHERE a.detector = :detector AND a.topic = :topic AND a.of_entity = :ofEntity AND a.entity = n.entity
    RETURNING a.entity
  ), fresh AS (
    SELECT entity FROM named n WHERE NOT EXISTS (SELECT FROM known k WHERE k.entity = n.entity)
  ), added AS (
    INSERT INTO flowline.arrivals AS a (detector, topic, of_entity, entity, partition, last_seen)
    SELECT :detector, :topic, :ofEntity, entity, :partition, clock_timestamp() FROM fresh
    LIMIT CASE WHEN :limit::bigint > 0 AND EXISTS (SELECT FROM fresh) THEN greatest(0, :limit::bigint - (
      SELECT count(*) FROM flowline.arrivals a
      WHERE a.detector = :detector AND a.topic = :topic AND a.of_entity = :ofEntity)) ELSE 0 END
    ON CONFLICT (detector, topic, of_entity, entity) DO UPDATE SET last_seen = excluded.last_seen, partition = excluded.partition
    RETURNING a.entity
  )
  SELECT ARRAY(SELECT entity FROM fresh EXCEPT ALL SELECT entity FROM added) AS refused
`);

/** Selects the time of the database's clock. */
export const selectTime = one<{ nowMs: number }>(`
  SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS "nowMs"
`);

/** Notes of partitions that everything that had come until a time is stored. */
export const noteReadingEnds = execute<Stream & { partitions: readonly number[]; untilsMs: readonly number[] }>(`
  INSERT INTO flowline.reading_ends AS known (detector, topic, partition, complete_to)
  SELECT :detector, :topic, partition, to_timestamp(until / 1000)
  FROM unnest(:partitions::integer[], :untilsMs::float8[]) AS read (partition, until)
  ON CONFLICT (detector, topic, partition) DO UPDATE SET complete_to = greatest(known.complete_to, excluded.complete_to)
`);

/** Selects the time up to which each partition of a stream is stored: null if unknown. */
export const selectReadingEnds = many<{ partition: number; untilMs: number | null }, Stream>(`
  SELECT partition, extract(epoch FROM complete_to)::float8 * 1000 AS "untilMs"
  FROM flowline.stream_offsets LEFT JOIN flowline.reading_ends USING (detector, topic, partition)
  WHERE detector = :detector AND topic = :topic ORDER BY partition
`);

/** Stream (an empty entity) or entity that a look may have something to say of. */
export interface ArrivalRow {
  readonly entity: string;
  readonly partition: number;
  readonly lastSeenMs: number;
  readonly silenceFromMs: number | null;
}

/** Bounds of the arrivals that are worth a look. */
export interface SilenceBounds extends Stream {
  readonly ofEntity: boolean;
  readonly partitions: readonly number[];
  readonly forgotten: readonly number[];
  /** Times from (inclusive) to (exclusive) of last arrivals, each of a partition; none overlap. */
  readonly silentOf: readonly number[];
  readonly silentFrom: readonly number[];
  readonly silentTo: readonly number[];
  readonly after: string | null;
  readonly limit: number;
}

/**
 * Selects, a page at a time, the streams or entities that have come back, whose last arrival is in
 * a range of times of their partition and whose silence was not noticed yet (`silent…`), or whose
 * last arrival is before a time (`forgotten`). Those of partitions that are not named are only
 * looked at for coming back.
 */
const changedArrivals = `
  SELECT a.entity, a.partition, extract(epoch FROM a.last_seen)::float8 * 1000 AS "lastSeenMs",
    extract(epoch FROM a.silence_from)::float8 * 1000 AS "silenceFromMs"
  FROM flowline.arrivals a
  LEFT JOIN unnest(:partitions::integer[], :forgotten::float8[]) AS p (partition, forgotten)
    ON p.partition = a.partition
  LEFT JOIN unnest(:silentOf::integer[], :silentFrom::float8[], :silentTo::float8[]) AS s (partition, since, before)
    ON s.partition = a.partition AND a.silence_from IS NULL
      AND a.last_seen >= to_timestamp(s.since / 1000) AND a.last_seen < to_timestamp(s.before / 1000)
  WHERE a.detector = :detector AND a.topic = :topic AND a.of_entity = :ofEntity
    AND (:after::text IS NULL OR a.entity > :after)
    AND (a.last_seen > a.silence_from
      OR s.partition IS NOT NULL
      OR a.last_seen < to_timestamp(p.forgotten / 1000))
  ORDER BY a.entity LIMIT :limit`;
export const selectChangedArrivals = many<ArrivalRow, SilenceBounds>(changedArrivals);

/**
 * Selects the same, and locks them until the transaction ends. Those that a batch notes are left
 * to the next look, so that none waits for the other.
 */
export const lockChangedArrivals = many<ArrivalRow, SilenceBounds>(`${changedArrivals} FOR UPDATE OF a SKIP LOCKED`);

/** Notes of streams or entities whether their silence is noticed, or ends the watch of them. */
export const settleArrivals = execute<
  Stream & { ofEntity: boolean; noticed: readonly string[]; back: readonly string[]; forgotten: readonly string[] }
>(`
  WITH forgotten AS (
    DELETE FROM flowline.arrivals
    WHERE detector = :detector AND topic = :topic AND of_entity = :ofEntity AND entity = ANY (:forgotten::text[])
  )
  UPDATE flowline.arrivals SET silence_from = CASE WHEN entity = ANY (:noticed::text[]) THEN last_seen END
  WHERE detector = :detector AND topic = :topic AND of_entity = :ofEntity
    AND entity = ANY (:noticed::text[] || :back::text[])
`);

/**
 * Selects open alerts that the clock resolves or tells of: storms of absences, and absences of
 * which people have not heard although nothing but a cooldown or a snooze may have kept it.
 */
export const selectWaitingAbsences = many<
  AlertStateRow & { readonly partition: number },
  Stream & { stormPrint: string; limit: number }
>(`
  SELECT partition, ${alertStateColumns} FROM flowline.alerts
  WHERE detector = :detector AND topic = :topic AND phase = 'open' AND due_at = '${NEVER_DUE}'
    AND (fingerprint = :stormPrint::uuid
      OR told <> 'open' AND (told = 'resolved' OR paged_at IS NOT NULL OR snoozed_until IS NOT NULL))
  ORDER BY alert_id LIMIT :limit
`);

/**
 * Selects open absences, and storms of them, that nothing watches any more: of another topic or
 * unit than those named (null: of all), or whose arrival is no longer known.
 */
export const selectUnwatchedAbsences = many<
  AlertStateRow & { readonly topic: string; readonly partition: number },
  { detector: string; topic: string | null; ofEntity: boolean | null; limit: number }
>(`
  SELECT a.topic, a.partition, ${alertStateColumns} FROM flowline.alerts a
  WHERE detector = :detector AND due_at = '${NEVER_DUE}' AND CASE WHEN kind = 'storm'
    THEN topic IS DISTINCT FROM :topic::text
    ELSE NOT EXISTS (
      SELECT FROM flowline.arrivals w
      WHERE w.detector = a.detector AND w.topic = a.topic AND w.entity = coalesce(a.entity, '')
        AND w.of_entity = (a.entity IS NOT NULL) AND w.topic = :topic AND w.of_entity = :ofEntity) END
  ORDER BY alert_id LIMIT :limit
`);

/** Deletes what is noted of arrivals of a detector, but for one topic and unit. */
export const deleteUnwatchedArrivals = execute<{ detector: string; topic: string | null; ofEntity: boolean | null }>(`
  DELETE FROM flowline.arrivals
  WHERE detector = :detector AND (topic = :topic AND of_entity = :ofEntity) IS NOT TRUE
`);
