import { at, inTurns } from '@flowline/events';
import type { ColumnTable, FeatureEncoding } from '@flowline/features';

import { encodedRows, spacedPlaces } from '../history/spaced-rows.ts';
import { valueAt } from '../sorted.ts';
import { ordinaryRows } from '../training/ordinary-rows.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { NearestRows } from './nearest-rows.ts';

/** Bounds on the rows of a history that a statistic keeps: their number and their values. */
const [MOST_ROWS, MOST_VALUES] = [10_000, 1_000_000];

/** Most rows of a history that a statistic keeps. */
export function mostHistoryRows({ dimensions, contextWidth }: FeatureEncoding): number {
  return Math.min(MOST_ROWS, Math.floor(MOST_VALUES / (dimensions + contextWidth)));
}

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
  const places = spacedPlaces(total, mostHistoryRows(encoding));
  const width = encoding.dimensions + encoding.contextWidth;
  const rows = new Float32Array(places.length * width);
  const chosen = tables.map(({ size }) => new Uint8Array(size));
  let [before, filled] = [0, 0];
  for (const [t, table] of tables.entries()) {
    const own = at(ordinary, t);
    const within = places.filter((place) => place >= before && place < before + own.length);
    const taken = within.map((place) => valueAt(own, place - before));
    for (const row of taken) at(chosen, t)[row] = 1;
    rows.set((await encodedRows(encoding, table, taken, signal)).rows, filled * width);
    before += own.length;
    filled += taken.length;
  }
  return { history: new NearestRows(rows, width), chosen };
}
