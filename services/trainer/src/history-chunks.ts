import { type DetectorDefinition, entityOf } from '@flowline/config';
import { at } from '@flowline/events';
import {
  createRecordReader,
  type FeatureTable,
  EntityWindows,
  type Lookups,
  type RecordFault,
  selectRows,
  windowsOf,
} from '@flowline/features';

/** Rows whose features are wanted. */
export interface WantedRows {
  /** Time of the first wanted row; null for the beginning of the history. */
  readonly from: Date | null;
  /** Number of wanted rows. More than the detector's `maxRows` are thinned evenly. */
  readonly rows: number;
}

/**
 * Plan for reading a history: the rows to request from the database, and their conversion to
 * features.
 */
export interface HistoryReading {
  readonly range: { readonly from?: Date; readonly maxRows?: number };
  /** Converts the rows, in time order, one chunk at a time. */
  readonly read: (rows: readonly unknown[], timesMs: Float64Array) => HistoryChunk;
}

/** Features of the wanted rows of a chunk, with their times. */
export interface HistoryChunk {
  readonly table: FeatureTable;
  readonly timesMs: Float64Array;
  readonly faults: readonly RecordFault[];
}

/**
 * Plans the reading of a history. Rows that stand alone are thinned by the database; windows have
 * to see every row.
 */
export function historyReading(definition: DetectorDefinition, lookups: Lookups, wanted: WantedRows): HistoryReading {
  const windows = windowsOf(definition.features);
  if (windows.length > 0)
    return windowedReading(definition, lookups, wanted, Math.max(...windows.map(({ needs }) => needs.ms)));
  const reader = createRecordReader(definition.features, lookups);
  return {
    range: { ...(wanted.from === null ? {} : { from: wanted.from }), maxRows: definition.history.maxRows },
    read: (rows, timesMs) => {
      const { table, accepted, faults } = reader.read(rows);
      return { table, timesMs: Float64Array.from(accepted, (row) => at(timesMs, row)), faults };
    },
  };
}

/**
 * Passes every row through the windows of its entity, with the scorer's code; rows before `from`
 * only serve as past. Nothing is known before the first row, so windows that reach beyond it have
 * no value, as on a stream that is not read from its beginning.
 */
function windowedReading(
  definition: DetectorDefinition,
  lookups: Lookups,
  { from, rows: total }: WantedRows,
  longestMs: number,
): HistoryReading {
  const { features: schema, history } = definition;
  const reader = createRecordReader(schema, lookups);
  const entity = entityOf(definition) ?? { key: [], time: definition.source.time };
  let windows: EntityWindows | null = null;
  const fromMs = from?.getTime() ?? -Infinity;
  let seen = 0;
  let wanted = 0;
  return {
    range: from === null ? {} : { from: new Date(fromMs - longestMs) },
    read: (rows, timesMs) => {
      const offsets = Float64Array.from(rows, (_, i) => seen + i);
      windows ??= new EntityWindows({ schema, lookups, entity, seenFromMs: timesMs[0] ?? null });
      const { table, accepted, faults } = reader.read(rows, windows.batch(offsets, timesMs));
      seen += rows.length;
      const isWanted = (row: number): boolean => at(timesMs, row) >= fromMs;
      // Row r (from 1) is kept if floor(r·max/total) steps up: at most `max` rows, evenly spread.
      const step = (row: number): number => Math.floor((row * Math.min(history.maxRows, total)) / total);
      const isKept = Array.from(timesMs, (_, row) => isWanted(row) && step(++wanted) > step(wanted - 1));
      const kept = Array.from(accepted.keys()).filter((row) => at(isKept, at(accepted, row)));
      return {
        table: selectRows(table, kept),
        timesMs: Float64Array.from(kept, (row) => at(timesMs, at(accepted, row))),
        faults: faults.filter(({ index }) => isWanted(index)),
      };
    },
  };
}
