import { at, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, isLevelFeature } from '@flowline/features';

/** Rows of numbers, one after another. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** Training and test rows of a baseline. */
export interface BaselineRows {
  readonly train: Matrix;
  readonly test: Matrix;
}

/**
 * Makes the numbers that baselines compare, of a split table: a missing number is the median of the
 * training rows, a level is one-hot, and each column is standardised on the training rows (a
 * constant one is divided by 1), as scikit-learn's StandardScaler does.
 */
export function baselineRows(schema: readonly FeatureSpec[], train: FeatureTable, test: FeatureTable): BaselineRows {
  const columns = [...numberColumns(train, test), ...levelColumns(schema, train, test)];
  const scaled = columns.map(([trained, tested]) => standardised(trained, tested));
  const matrix = (part: 0 | 1, rows: number): Matrix => {
    const values = new Float64Array(rows * scaled.length);
    for (const [j, column] of scaled.entries()) {
      for (let row = 0; row < rows; row++) values[row * scaled.length + j] = at(column[part], row);
    }
    return { rows, columns: scaled.length, values };
  };
  return { train: matrix(0, train.size), test: matrix(1, test.size) };
}

type Column = readonly [train: Float64Array, test: Float64Array];

function numberColumns(train: FeatureTable, test: FeatureTable): Column[] {
  const columnOf = ({ numeric, numericWidth, size }: FeatureTable, j: number): Float64Array =>
    Float64Array.from({ length: size }, (_, row) => at(numeric, row * numericWidth + j));
  return Array.from({ length: train.numericWidth }, (_, j): Column => {
    const [trained, tested] = [columnOf(train, j), columnOf(test, j)];
    const known = trained.filter((value) => !Number.isNaN(value)).sort();
    const median = known.at(Math.floor(known.length / 2)) ?? 0;
    const filled = (value: number): number => (Number.isNaN(value) ? median : value);
    return [trained.map(filled), tested.map(filled)];
  });
}

function levelColumns(schema: readonly FeatureSpec[], train: FeatureTable, test: FeatureTable): Column[] {
  return schema.filter(isLevelFeature).flatMap((_, j) => {
    const levelsOf = ({ levels, levelWidth, size }: FeatureTable): (string | null)[] =>
      Array.from({ length: size }, (__, row) => at(levels, row * levelWidth + j));
    const [trained, tested] = [levelsOf(train), levelsOf(test)];
    const isLevel = (level: string | null) => (each: string | null) => (each === level ? 1 : 0);
    return [...new Set(trained)].map((level): Column => [
      Float64Array.from(trained, isLevel(level)),
      Float64Array.from(tested, isLevel(level)),
    ]);
  });
}

function standardised(train: Float64Array, test: Float64Array): Column {
  const mean = train.reduce((sum, value) => sum + value / train.length, 0);
  const variance = train.reduce((sum, value) => sum + (value - mean) ** 2 / train.length, 0);
  const deviation = Math.sqrt(variance);
  const scale = deviation > 1e-12 * Math.max(1, Math.abs(mean)) ? deviation : 1;
  const of = (value: number): number => (value - mean) / scale;
  return [train.map(of), test.map(of)];
}

/** Row of a matrix, shared with it. */
export const rowOf = ({ values, columns }: Matrix, row: number): Float64Array =>
  values.subarray(row * columns, (row + 1) * columns);
