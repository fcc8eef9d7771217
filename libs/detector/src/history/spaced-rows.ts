import { blocksOf, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';

import { historyChunkRows } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';

/** At most so many of the places 0 … size − 1, evenly spaced. */
export function spacedPlaces(size: number, most: number): Int32Array {
  const count = Math.min(size, most);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
}

/** At most so many of the rows, evenly spaced. */
export const spacedRows = (rows: Int32Array, most: number): Int32Array =>
  spacedPlaces(rows.length, most).map((place) => valueAt(rows, place));

/** Encodes some rows of a history [n × width], with a turn of the event loop before each chunk. */
export async function encodedRows(
  encoding: FeatureEncoding,
  table: ColumnTable,
  rows: Int32Array,
  signal: AbortSignal | undefined,
): Promise<{ readonly rows: Float32Array; readonly width: number }> {
  const width = encoding.dimensions + encoding.contextWidth;
  const encoded = new Float32Array(rows.length * width);
  for (const [start, end] of blocksOf(rows.length, historyChunkRows(table))) {
    await turn(signal);
    encoded.set(encoding.encode(table.select(rows.subarray(start, end))).rows, start * width);
  }
  return { rows: encoded, width };
}
