import type { HistoryBatch, NumberCells, ValueCells, WantedColumn } from '@flowline/db';
import { at, Numeral } from '@flowline/events';
import { parseTime } from '@flowline/features';

const UNIT_MS = { ms: 1, s: 1000, us: 0.001, iso: 1 } as const;

/** Unit of a numeric time column. */
export type TimeUnit = keyof typeof UNIT_MS;

/** Value of a cell as in the JSON of an event. */
export function cellAt(cells: NumberCells | ValueCells, row: number): unknown {
  if (cells.kind === 'values') return cells.values[row];
  if (at(cells.isNull, row) === 1) return null;
  const value = at(cells.values, row);
  return Number.isFinite(value) ? value : String(value);
}

/** A row of a batch as the JSON of an event: the columns that were wanted. */
export function recordAt(columns: readonly WantedColumn[], { cells }: HistoryBatch, row: number): object {
  const record = {};
  for (const [i, { name }] of columns.entries()) {
    const value = cellAt(at(cells, i), row);
    // An assignment to __proto__ would set the prototype instead.
    Object.defineProperty(record, name, { value, configurable: true, enumerable: true, writable: true });
  }
  return record;
}

/** Times of the rows of a batch, in milliseconds since the epoch, as those of events are read. */
export function timesOf({ size, timesMs, timeValues }: HistoryBatch, unit: TimeUnit): Float64Array {
  if (timeValues === null) return timesMs.subarray(0, size);
  return Float64Array.from({ length: size }, (_, row) => timeOf(cellAt(timeValues, row), unit));
}

function timeOf(value: unknown, unit: TimeUnit): number {
  const isNumber = typeof value === 'number' || value instanceof Numeral;
  return isNumber ? Number(value) * UNIT_MS[unit] : parseTime(value);
}

/** The rows of a batch that have a valid time, in their order. */
export function timedRows(batch: HistoryBatch): HistoryBatch {
  const isTimed = (row: number): boolean => !Number.isNaN(at(batch.timesMs, row));
  let timed = 0;
  while (timed < batch.size && isTimed(timed)) timed++;
  if (timed === batch.size) return batch;
  const rows = Array.from({ length: batch.size }, (_, row) => row).filter(isTimed);
  const select = (cells: NumberCells | ValueCells): NumberCells | ValueCells =>
    cells.kind === 'values'
      ? { kind: 'values', values: rows.map((row) => cells.values[row]) }
      : {
          kind: 'numbers',
          values: Float64Array.from(rows, (row) => at(cells.values, row)),
          isNull: Uint8Array.from(rows, (row) => at(cells.isNull, row)),
        };
  return {
    ...batch,
    size: rows.length,
    timesMs: Float64Array.from(rows, (row) => at(batch.timesMs, row)),
    timeValues: batch.timeValues === null ? null : select(batch.timeValues),
    cells: batch.cells.map(select),
  };
}
