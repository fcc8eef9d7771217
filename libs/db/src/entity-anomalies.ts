import type { Database } from './database.ts';
import { type EntityCellRow, selectEntityCells } from './sql/entity-anomalies.ts';
import type { TimeRange } from './score-summaries.ts';
import { withTransaction } from './transaction.ts';

/** Anomalies of an entity over time. */
export interface EntityAnomalies {
  readonly entity: string;
  readonly anomalies: number;
  readonly worstBits: number;
  /** Event time of the last. */
  readonly last: Date;
  readonly cells: readonly Pick<EntityCellRow, 'cell' | 'anomalies' | 'worstBits'>[];
}

/** Entities to read: those of a range with the most anomalies, or the worst. */
export interface EntityQuery extends TimeRange {
  readonly detector: string;
  /** Text within the name of the entity. */
  readonly entity?: string;
  readonly order: 'anomalies' | 'worst';
  readonly limit: number;
  /** Intervals of the range. */
  readonly cells: number;
}

/** Reads the anomalies of entities by interval, in the order that is asked for. */
export async function readEntities(db: Database, { order, entity, ...query }: EntityQuery): Promise<EntityAnomalies[]> {
  const asked = { ...query, entity: entity ?? null, byWorst: order === 'worst' };
  const rows = await withTransaction(db, (client) => selectEntityCells(client, asked), { readOnly: true });
  const byName = new Map<string, EntityCellRow[]>();
  for (const row of rows) byName.set(row.entity, [...(byName.get(row.entity) ?? []), row]);
  const found = [...byName].map(([name, cells]) => ({
    entity: name,
    anomalies: cells.reduce((sum, { anomalies }) => sum + anomalies, 0),
    worstBits: Math.max(...cells.map(({ worstBits }) => worstBits)),
    last: new Date(Math.max(...cells.map(({ last }) => last.getTime()))),
    cells: cells.map(({ cell, anomalies, worstBits }) => ({ cell, anomalies, worstBits })),
  }));
  const rank = (one: EntityAnomalies): number => (order === 'worst' ? one.worstBits : one.anomalies);
  return found.sort((a, b) => rank(b) - rank(a) || (a.entity < b.entity ? -1 : 1));
}
