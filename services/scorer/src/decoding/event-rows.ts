import { at, type DeadLetter } from '@flowline/events';
import { concatTables, type FeatureTable, selectRows } from '@flowline/features';

/** Events of a batch, without its dead letters. */
export interface EventRows {
  /** Features in original units. */
  readonly table: FeatureTable;
  readonly offsets: Float64Array;
  readonly eventIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly eventTimesMs: Float64Array;
  /** Entity of each event; null if events stand alone. */
  readonly entities: readonly string[] | null;
}

/** A decoded batch. Every record is either an event (a row, in record order) or a dead letter. */
export interface DecodedEvents extends EventRows {
  /** Dead letters, in record order. */
  readonly deadLetters: readonly DeadLetter[];
}

/** Joins the events and dead letters of consecutive parts of a batch. There is at least one. */
export function joinEvents(parts: readonly DecodedEvents[]): DecodedEvents {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  return { ...joinRows(parts), deadLetters: parts.flatMap(({ deadLetters }) => deadLetters) };
}

/** Merges the events of two parts of a batch in offset order. */
export function mergeRows(a: EventRows, b: EventRows): EventRows {
  const all = joinRows([a, b]);
  const order = Int32Array.from(all.offsets.keys()).sort((i, j) => at(all.offsets, i) - at(all.offsets, j));
  return selectEvents(all, order);
}

/** Selects rows with the given indices, in the given order. */
export function selectEvents(
  { table, offsets, eventIds, eventTimesMs, entities }: EventRows,
  rows: Int32Array,
): EventRows {
  return {
    table: selectRows(table, rows),
    offsets: Float64Array.from(rows, (row) => at(offsets, row)),
    eventIds: Array.from(rows, (row) => at(eventIds, row)),
    eventTimesMs: Float64Array.from(rows, (row) => at(eventTimesMs, row)),
    entities: entities && Array.from(rows, (row) => at(entities, row)),
  };
}

function joinRows(parts: readonly EventRows[]): EventRows {
  const entities = joinLists(parts.map((part) => part.entities ?? []));
  return {
    table: concatTables(parts.map(({ table }) => table)),
    offsets: joinNumbers(parts.map(({ offsets }) => offsets)),
    eventIds: joinLists(parts.map(({ eventIds }) => eventIds)),
    eventTimesMs: joinNumbers(parts.map(({ eventTimesMs }) => eventTimesMs)),
    entities: parts.some((part) => part.entities === null) ? null : entities,
  };
}

/** Joins lists with `concat`, which copies memory; `flatMap` handles each text. */
const joinLists = (parts: readonly (readonly string[])[]): string[] => ([] as string[]).concat(...parts);

function joinNumbers(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((size, { length }) => size + length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
}
