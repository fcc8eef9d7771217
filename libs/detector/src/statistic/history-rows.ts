import { at, blocksOf, inTurns, turn } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';

import { historyChunkRows } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';
import { ordinaryRows } from '../training/ordinary-rows.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { NearestRows } from './nearest-rows.ts';

/** Bounds on the rows that distances are measured from: their number and their values. */
const [MOST_ROWS, MOST_VALUES] = [10_000, 1_000_000];

/** Parts of a training by which rows are chosen and encoded. */
export interface HistorySource {
  readonly spec: Pick<DetectorTrainingSpec, 'data' | 'seed'>;
  readonly encoding: FeatureEncoding;
  readonly signal: AbortSignal | undefined;
}

/** Rows that distances are measured from, and those of each table that are among them. */
export interface HistoryRows {
  readonly history: NearestRows;
  /** Per table, 1 for each row that was chosen. */
  readonly chosen: readonly Uint8Array[];
}

/** Chooses rows from which distances are measured, evenly spaced over tables in their order. */
export async function historyRows(
  { spec, encoding, signal }: HistorySource,
  tables: readonly ColumnTable[],
): Promise<HistoryRows> {
  const ordinary: Int32Array[] = [];
  for (const table of tables) ordinary.push(await inTurns(ordinaryRows(spec, encoding, table), signal));
  const total = ordinary.reduce((sum, { length }) => sum + length, 0);
  const width = encoding.dimensions + encoding.contextWidth;
  const count = Math.min(total, MOST_ROWS, Math.floor(MOST_VALUES / width));
  const rows = new Float32Array(count * width);
  const chosen = tables.map(({ size }) => new Uint8Array(size));
  let [before, filled] = [0, 0];
  for (const [t, table] of tables.entries()) {
    const own = at(ordinary, t);
    const places: number[] = [];
    for (let i = filled; i < count; i++) {
      const place = Math.floor((i * total) / count) - before;
      if (place >= own.length) break;
      places.push(valueAt(own, place));
    }
    for (const row of places) at(chosen, t)[row] = 1;
    for (const [start, end] of blocksOf(places.length, historyChunkRows(table))) {
      await turn(signal);
      const { rows: encoded } = encoding.encode(table.select(Int32Array.from(places.slice(start, end))));
      rows.set(encoded, (filled + start) * width);
    }
    before += own.length;
    filled += places.length;
  }
  return { history: new NearestRows(rows, width), chosen };
}
