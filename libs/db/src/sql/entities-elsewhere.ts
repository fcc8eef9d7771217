import { statement } from '../statement.ts';

/** Of some entities, those that another partition has claimed. */
export const selectEntitiesElsewhere = statement<
  [detector: string, topic: string, partition: number, entities: readonly string[]],
  { readonly entity: string; readonly partition: number }
>(`
  SELECT entity, partition FROM flowline.entity_partitions
  WHERE detector = $1 AND topic = $2 AND partition <> $3 AND entity = ANY ($4::text[])
  ORDER BY entity
`);
