import { statement } from '../statement.ts';

/**
 * Claims entities for a partition, where no other has claimed them; gives those that another has. One
 * statement: an insert that waits for another's sees what it has claimed.
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
