import { many, maybe, one } from '../statement.ts';

interface Stream {
  readonly detector: string;
  readonly topic: string;
  readonly partition: number;
}

/** Selects the last piece of a partition's ids. */
export const selectLastIds = maybe<{ run: number; end: number; keepFrom: number }, Stream>(`
  SELECT run, first_number + entries AS end, keep_from AS "keepFrom" FROM flowline.event_id_pieces
  WHERE detector = :detector AND topic = :topic AND partition = :partition
  ORDER BY first_number DESC LIMIT 1
`);

/**
 * Selects pieces of a partition's ids with numbers from `keepFrom` on, in order, after one of them.
 */
export const selectIds = many<
  { firstNumber: number; ids: Buffer },
  Stream & { keepFrom: number; after: number; limit: number }
>(`
  SELECT first_number AS "firstNumber", ids FROM flowline.event_id_pieces
  WHERE detector = :detector AND topic = :topic AND partition = :partition
    AND first_number + entries > :keepFrom AND first_number > :after
  ORDER BY first_number LIMIT :limit
`);

/**
 * Inserts the ids of a batch behind the last piece of its partition if that is the one that they
 * follow (run null: there is none). Earlier small pieces, from the number `mergeFrom` on, become
 * part of it; pieces before `keepFrom` are deleted.
 */
export const insertIds = one<
  { stored: number },
  Stream & {
    followsRun: number | null;
    followsEnd: number;
    firstNumber: number;
    entries: number;
    keepFrom: number;
    run: number;
    limited: boolean;
    mergeFrom: number;
    ids: Buffer;
  }
>(`
  WITH of_partition AS MATERIALIZED (
    SELECT first_number, entries, run, limited, ids FROM flowline.event_id_pieces
    WHERE detector = :detector AND topic = :topic AND partition = :partition AND first_number >= :mergeFrom
  ), last AS MATERIALIZED (
    SELECT run, first_number + entries AS number_end FROM flowline.event_id_pieces
    WHERE detector = :detector AND topic = :topic AND partition = :partition ORDER BY first_number DESC LIMIT 1
  ), found AS MATERIALIZED (
    SELECT (SELECT run FROM last) IS NOT DISTINCT FROM :followsRun::bigint
       AND coalesce((SELECT number_end FROM last), 0) = :followsEnd AS follows
  ), deleted AS (
    DELETE FROM flowline.event_id_pieces
    WHERE detector = :detector AND topic = :topic AND partition = :partition AND (SELECT follows FROM found)
      AND (first_number >= :mergeFrom OR (first_number < :keepFrom AND first_number + entries <= :keepFrom))
    RETURNING 1
  ), stored AS (
    INSERT INTO flowline.event_id_pieces (detector, topic, partition, first_number, entries, keep_from, run, limited, ids)
    SELECT :detector, :topic, :partition, coalesce(min(first_number), :firstNumber),
      coalesce(sum(entries), 0) + :entries::integer, :keepFrom, :run, :limited::boolean OR coalesce(bool_or(limited), false),
      coalesce(string_agg(ids, '' ORDER BY first_number), '') || :ids::bytea
    FROM of_partition
    -- The merged pieces are deleted before: the first of them has the number of the new one.
    HAVING (SELECT follows FROM found) AND (SELECT count(*) FROM deleted) >= 0
    RETURNING 1
  )
  SELECT count(*)::integer AS stored FROM stored
`);

/**
 * Selects the offsets of a partition's repeats in [fromOffset, toOffset), of one life of the topic.
 */
export const selectDuplicateOffsets = many<
  { offset: number },
  Stream & { topicId: string | null; fromOffset: number; toOffset: number }
>(`
  SELECT "offset" FROM flowline.event_duplicates
  WHERE detector = :detector AND topic = :topic AND partition = :partition
    AND "offset" >= :fromOffset AND "offset" < :toOffset
    AND (topic_id = :topicId OR topic_id IS NULL OR :topicId::text IS NULL)
  ORDER BY "offset"
`);

/** Number of columns of {@link copyDuplicates}, and so of fields per row. */
export const DUPLICATE_FIELDS = 10;

/** COPY statement for records that repeat an event id. */
export const copyDuplicates = `
  COPY flowline.event_duplicates (
    detector, topic, topic_id, partition, "offset", event_id, event_time, record_time, first_offset, first_record_time
  ) FROM STDIN (FORMAT binary)`;

/** Deletes repeats of a detector stored more than `keepDays` ago, at most `limit`, oldest first. */
export const expireDuplicates = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.event_duplicates WHERE duplicate_id IN (
      SELECT duplicate_id FROM flowline.event_duplicates
      WHERE detector = :detector AND stored_at < now() - make_interval(days => :keepDays::integer)
      ORDER BY stored_at LIMIT :limit)
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);

/** Counts the repeats of a detector that were stored within a day. */
export const countDuplicates = one<{ duplicates: number }, { detector: string }>(`
  SELECT count(*) AS duplicates FROM flowline.event_duplicates
  WHERE detector = :detector AND stored_at >= now() - interval '1 day'
`);

/** Selects the partitions whose last ids pushed out others before their window was over. */
export const selectLimitedIds = many<{ topic: string; partition: number }, { detector: string }>(`
  SELECT topic, partition FROM (
    SELECT DISTINCT ON (topic, partition) topic, partition, limited FROM flowline.event_id_pieces
    WHERE detector = :detector ORDER BY topic, partition, first_number DESC) AS last
  WHERE limited ORDER BY topic, partition
`);
