import { execute, many } from '../statement.ts';

/** Selects the offset of every partition of a topic, with the id of that topic. */
export const selectStream = many<
  { partition: number; nextOffset: number; topicId: string | null },
  { detector: string; topic: string }
>(`
  SELECT partition, next_offset AS "nextOffset", topic_id AS "topicId" FROM flowline.stream_offsets
  WHERE detector = :detector AND topic = :topic ORDER BY partition
`);

/**
 * Begins partitions of a topic at their start offsets. Existing partitions are unchanged; a deleted
 * detector begins none.
 */
export const insertStream = many<
  { partition: number },
  {
    detector: string;
    topic: string;
    topicId: string | null;
    partitions: readonly number[];
    nextOffsets: readonly number[];
  }
>(`
  INSERT INTO flowline.stream_offsets (detector, topic, topic_id, partition, next_offset)
  SELECT :detector::text, :topic::text, :topicId::text, p, n
  FROM unnest(:partitions::integer[], :nextOffsets::bigint[]) AS begins (p, n)
  WHERE NOT EXISTS (SELECT FROM flowline.detectors WHERE name = :detector AND state = 'deleted')
  ON CONFLICT (detector, topic, partition) DO NOTHING
  RETURNING partition
`);

/** Sets the topic id of offsets stored before the id was known, and of their entity claims. */
export const adoptStream = execute<{ detector: string; topic: string; topicId: string }>(`
  WITH earlier AS (
    UPDATE flowline.entity_partitions SET topic_id = :topicId
    WHERE detector = :detector AND topic = :topic AND topic_id = ''
  ), claims AS (
    UPDATE flowline.entity_scopes AS s SET topic_id = :topicId
    WHERE detector = :detector AND topic = :topic AND topic_id = '' AND NOT EXISTS (
      SELECT FROM flowline.entity_scopes o
      WHERE o.detector = s.detector AND o.topic = s.topic AND o.topic_id = :topicId AND o.key = s.key)
  )
  UPDATE flowline.stream_offsets SET topic_id = :topicId
  WHERE detector = :detector AND topic = :topic AND topic_id IS NULL
`);

/**
 * Moves partitions back to the ends of their logs, and deletes window snapshots that cover records
 * beyond, and repeats among these: other records will have their offsets.
 */
export const cutStream = many<
  { partition: number },
  { detector: string; topic: string; partitions: readonly number[]; ends: readonly number[] }
>(`
  WITH snapshots AS (
    DELETE FROM flowline.window_snapshots
    WHERE detector = :detector AND topic = :topic AND partition = ANY (:partitions::integer[])
  ), duplicates AS (
    DELETE FROM flowline.event_duplicates AS d
    USING unnest(:partitions::integer[], :ends::bigint[]) AS cut (partition, log_end)
    WHERE d.detector = :detector AND d.topic = :topic AND d.partition = cut.partition AND d."offset" >= cut.log_end
  )
  UPDATE flowline.stream_offsets AS s SET next_offset = cut.log_end, updated_at = now()
  FROM unnest(:partitions::integer[], :ends::bigint[]) AS cut (partition, log_end)
  WHERE s.detector = :detector AND s.topic = :topic AND s.partition = cut.partition AND s.next_offset > cut.log_end
  RETURNING s.partition
`);

/**
 * Deletes the offsets of a topic, its window snapshots, its event ids, its discoveries and its
 * entity claims.
 */
export const deleteStream = many<{ partition: number }, { detector: string; topic: string }>(`
  WITH snapshots AS (DELETE FROM flowline.window_snapshots WHERE detector = :detector AND topic = :topic),
       ids AS (DELETE FROM flowline.event_id_pieces WHERE detector = :detector AND topic = :topic),
       discoveries AS (DELETE FROM flowline.partition_discoveries WHERE detector = :detector AND topic = :topic),
       earlier AS (DELETE FROM flowline.entity_partitions WHERE detector = :detector AND topic = :topic),
       claims AS (DELETE FROM flowline.entity_scopes WHERE detector = :detector AND topic = :topic)
  DELETE FROM flowline.stream_offsets WHERE detector = :detector AND topic = :topic RETURNING partition
`);

/**
 * Takes the advisory lock on a detector's streams until the transaction ends, so that its data are
 * not dropped meanwhile: shared to add the fence of a stream, `exclusive` to begin, extend
 * or restart a topic, or to drop data.
 */
export const lockDetectorStreams = execute<{ detector: string; exclusive: boolean }>(`
  SELECT CASE WHEN :exclusive THEN pg_advisory_xact_lock(hashtextextended('flowline.streams:' || :detector, 0))
              ELSE pg_advisory_xact_lock_shared(hashtextextended('flowline.streams:' || :detector, 0)) END
`);
