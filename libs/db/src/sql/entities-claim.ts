import { statement } from '../statement.ts';

/** Claims entities for a partition, where no other has claimed them. */
export const claimEntities = statement<
  [detector: string, topic: string, partition: number, entities: readonly string[]],
  never
>(`
  INSERT INTO flowline.entity_partitions (detector, topic, entity, partition)
  SELECT $1, $2, entity, $3 FROM unnest($4::text[]) AS entity ORDER BY entity
  ON CONFLICT (detector, topic, entity) DO NOTHING
`);
