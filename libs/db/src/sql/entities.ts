import { statement } from '../statement.ts';

/**
 * Claims entities for a partition, unless another partition has claimed them; returns those that
 * another has. It is one statement: an insert that waits for a concurrent one sees its claims.
 */
export const claimEntities = statement<
  [
    detector: string,
    topic: string,
    topicId: string,
    key: readonly string[],
    partition: number,
    entities: readonly string[],
  ],
  { readonly entity: string; readonly partition: number }
>(`
  WITH claimed AS (
    INSERT INTO flowline.entity_partitions AS kept (detector, topic, topic_id, key, entity, partition)
    SELECT $1, $2, $3, $4::text[], entity, $5 FROM unnest($6::text[]) AS entity ORDER BY entity
    ON CONFLICT (detector, topic, topic_id, key, entity)
    DO UPDATE SET partition = kept.partition WHERE kept.partition <> excluded.partition
    RETURNING entity, partition
  )
  SELECT entity, partition FROM claimed WHERE partition <> $5
`);
