import { execute, many, one } from '../statement.ts';

/**
 * Claims entities for a partition, unless another partition has claimed them; returns those that
 * another has. It is one statement: an insert that waits for a concurrent one sees its claims.
 */
export const claimEntities = many<
  { entity: string; partition: number },
  {
    detector: string;
    topic: string;
    topicId: string;
    key: readonly string[];
    partition: number;
    entities: readonly string[];
  }
>(`
  WITH claimed AS (
    INSERT INTO flowline.entity_partitions AS kept (detector, topic, topic_id, key, entity, partition)
    SELECT :detector, :topic, :topicId, :key::text[], entity, :partition
    FROM unnest(:entities::text[]) AS entity ORDER BY entity
    ON CONFLICT (detector, topic, topic_id, key, entity)
    DO UPDATE SET partition = kept.partition WHERE kept.partition <> excluded.partition
    RETURNING entity, partition
  )
  SELECT entity, partition FROM claimed WHERE partition <> :partition
`);

/** Marks entities of a partition as in use. Each row is written at most once per day. */
export const markEntitiesSeen = execute<{
  detector: string;
  topic: string;
  topicId: string;
  key: readonly string[];
  partition: number;
  entities: readonly string[];
}>(`
  UPDATE flowline.entity_partitions SET last_seen = current_date
  WHERE detector = :detector AND topic = :topic AND topic_id = :topicId AND key = :key::text[]
    AND partition = :partition AND entity = ANY (:entities::text[]) AND last_seen < current_date
`);

/**
 * Deletes the partition claims of a detector's entities that were last seen more than `keepDays`
 * ago, at most `limit` per call, oldest first. A claim that is renewed meanwhile stays.
 */
export const expireEntities = one<{ removed: number }, { detector: string; keepDays: number; limit: number }>(`
  WITH removed AS (
    DELETE FROM flowline.entity_partitions
    WHERE last_seen < current_date - :keepDays::integer AND ctid = ANY (ARRAY(
      SELECT ctid FROM flowline.entity_partitions
      WHERE detector = :detector AND last_seen < current_date - :keepDays::integer
      ORDER BY last_seen LIMIT :limit))
    RETURNING 1)
  SELECT count(*)::integer AS removed FROM removed
`);
