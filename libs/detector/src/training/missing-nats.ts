import { at, blocksOf, type FeatureSpec, inTurns, type Steps, turn } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { type ColumnTable, type FeatureEncoding, type FeatureTable, tableColumns } from '@flowline/features';

import { spacedRows } from '../history/spaced-rows.ts';
import { type LogDensities, logDensities } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';

/** Rows from which the mean log density of a feature is computed. */
const SAMPLE_ROWS = 512;
/** Share of the differences on either side that do not count: a few absurd ones would decide. */
const ABSURD_SHARE = 0.02;

/**
 * Mean log density of each nullable feature given the others, in nats: the difference of log p of
 * complete rows and of the same rows without it.
 */
export async function missingNats(
  scorer: Pick<Scorer, 'score'>,
  encoding: FeatureEncoding,
  table: ColumnTable,
  { logDensityNats }: Pick<LogDensities, 'logDensityNats'>,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, number>>> {
  // A feature may have any name, such as __proto__.
  const found = new Map<string, number>();
  const nullable = encoding.schema.filter((spec) => spec.nullable);
  if (nullable.length === 0) return {};
  const rows = await inTurns(denseRows(logDensityNats), signal);
  const observed = table.select(rows);
  for (const spec of nullable) {
    await turn(signal);
    const { without, masked } = withoutFeature(encoding.schema, observed, spec);
    const { logDensityNats: fewer } = await logDensities(scorer, encoding, without, { signal });
    const differences = fewer
      .map((logP, i) => (masked[i] === 1 ? valueAt(logDensityNats, valueAt(rows, i)) - logP : NaN))
      .filter(Number.isFinite);
    found.set(spec.name, middleMean(differences));
  }
  return Object.fromEntries(found);
}

/** Rows with a density, evenly spaced, in steps. */
function* denseRows(logDensityNats: Float64Array): Steps<Int32Array> {
  const rows = new Int32Array(logDensityNats.length);
  let count = 0;
  for (const [start, end] of blocksOf(rows.length)) {
    for (let row = start; row < end; row++) if (Number.isFinite(logDensityNats[row])) rows[count++] = row;
    yield;
  }
  return spacedRows(rows.subarray(0, count), SAMPLE_ROWS);
}

/** The rows without their values of a feature, and 1 for each row that had one. */
function withoutFeature(schema: readonly FeatureSpec[], table: FeatureTable, { name }: FeatureSpec) {
  const columns = tableColumns(schema);
  const masked = new Uint8Array(table.size);
  const [numeric, levels] = [table.numeric.slice(), [...table.levels]];
  const [number, level] = [columns.numeric.indexOf(name), columns.levels.indexOf(name)];
  for (let row = 0; row < table.size; row++) {
    if (number >= 0) {
      const cell = row * table.numericWidth + number;
      masked[row] = Number.isNaN(valueAt(numeric, cell)) ? 0 : 1;
      numeric[cell] = NaN;
    } else {
      const cell = row * table.levelWidth + level;
      masked[row] = at(levels, cell) === null ? 0 : 1;
      levels[cell] = null;
    }
  }
  return { without: { ...table, numeric, levels }, masked };
}

/** Mean of values without the outermost ones; 0 without values. */
function middleMean(values: Float64Array): number {
  const left = Math.floor(ABSURD_SHARE * values.length);
  const middle = values.toSorted().subarray(left, values.length - left);
  return middle.reduce((sum, value) => sum + value / middle.length, 0);
}
