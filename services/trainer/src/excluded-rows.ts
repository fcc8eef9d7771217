import type { DetectorDefinition } from '@flowline/config';
import { type Database, type ExcludedEvents, excludedEvents, type HistoryBatch, type WantedColumn } from '@flowline/db';
import { at } from '@flowline/events';
import { compileEventId } from '@flowline/features';

import { recordAt } from './history-cells.ts';

/** Maximum ids that a training holds in memory. */
const MAX_IDS = 1_000_000;
const NONE: ReadonlySet<number> = new Set();

/** Events that a queried history leaves out. A history of stored events does so by itself. */
export async function excludedOf(db: Database, { name, history }: DetectorDefinition): Promise<ExcludedEvents> {
  return history.query === null ? { ids: new Set(), more: false } : excludedEvents(db, name, MAX_IDS);
}

/**
 * Creates the function that finds the rows of a batch whose event is excluded: the id of an event
 * is read from a row as from the event itself. It finds none if no column holds ids.
 */
export function rowsExcluded(
  eventId: string | null,
  columns: readonly WantedColumn[],
  excluded: ReadonlySet<string>,
): (batch: HistoryBatch) => ReadonlySet<number> {
  if (excluded.size === 0 || eventId === null) return () => NONE;
  const idColumns = columns.filter(({ name }) => holds(name, eventId));
  if (idColumns.length === 0) return () => NONE;
  const places = idColumns.map((column) => columns.indexOf(column));
  const idOf = compileEventId(eventId);
  return (batch) => {
    const own = { ...batch, cells: places.map((place) => at(batch.cells, place)) };
    const found = new Set<number>();
    for (let row = 0; row < batch.size; row++) {
      const id = idOf({ ...recordAt(idColumns, own, row) });
      if (typeof id === 'string' && excluded.has(id)) found.add(row);
    }
    return found;
  };
}

/** Warnings about events that a history should leave out and cannot. */
export function exclusionWarnings(
  { source: { eventId } }: DetectorDefinition,
  columns: readonly { readonly name: string }[],
  { ids, more }: ExcludedEvents,
): readonly string[] {
  if (ids.size === 0) return [];
  const events = `events excluded from training (${ids.size}) are not left out`;
  if (eventId === null) return [`${events}: no source.eventId tells which rows of the query they are`];
  if (!columns.some(({ name }) => holds(name, eventId)))
    return [`${events}: the query does not return the column ${eventId} of their ids`];
  return more ? [`only the latest ${ids.size} of the events that are excluded from training are left out`] : [];
}

/** True if a column has the field, or an object with it: `order` holds `order.id`. */
const holds = (column: string, field: string): boolean => column === field || field.startsWith(`${column}.`);
