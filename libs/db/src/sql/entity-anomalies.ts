import { many } from '../statement.ts';

/** Anomalies of an entity within an interval. */
export interface EntityCellRow {
  readonly entity: string;
  readonly cell: number;
  readonly anomalies: number;
  readonly worstBits: number;
  readonly last: Date;
}

interface Asked {
  readonly detector: string;
  readonly from: Date;
  readonly to: Date;
  /** Text within the name of the entity; null for all. */
  readonly entity: string | null;
  readonly limit: number;
  readonly cells: number;
  /** True to order by the greatest surprise, false by the number of anomalies. */
  readonly byWorst: boolean;
}

/** Selects the anomalies by interval of the entities that have the most, or the worst. */
export const selectEntityCells = many<EntityCellRow, Asked>(`
  WITH found AS (
    SELECT alert #>> '{event,entity}'::text[] AS entity, event_time, surprise_bits
    FROM flowline.anomalies
    WHERE detector = :detector AND event_time >= :from AND event_time < :to
      AND alert #>> '{event,entity}'::text[] IS NOT NULL
      AND (:entity::text IS NULL OR strpos(lower(alert #>> '{event,entity}'::text[]), lower(:entity::text)) > 0)
  ), top AS (
    SELECT entity FROM found GROUP BY entity
    ORDER BY CASE WHEN :byWorst::boolean THEN max(surprise_bits) ELSE count(*) END DESC, entity LIMIT :limit
  )
  SELECT entity, least(:cells::integer - 1, floor(extract(epoch FROM event_time - :from::timestamptz)
      / extract(epoch FROM :to::timestamptz - :from::timestamptz) * :cells::integer))::integer AS cell,
    count(*)::integer AS anomalies, max(surprise_bits)::float8 AS "worstBits", max(event_time) AS last
  FROM found JOIN top USING (entity) GROUP BY 1, 2 ORDER BY 1, 2
`);
