import type { BrowserDetector, EventValues } from '../client/model-program.ts';
import { type Axis, valueAlong } from './axis.ts';

/** Scores over two axes, row by row from the lowest value of the second axis. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** log p in nats; −Infinity where the density is zero. */
  readonly logDensityNats: Float64Array;
  readonly pValues: Float64Array;
  /** Surprise, −log₂ p. */
  readonly bits: Float64Array;
}

/** Cells of a grid. */
const GRID = { columns: 80, rows: 60 } as const;

/** Values of an event moved to the middle of a cell. */
export function valuesAt(values: EventValues, x: Axis, y: Axis, column: number, row: number): EventValues {
  return {
    ...values,
    [x.feature.name]: valueAlong(x, (column + 0.5) / GRID.columns),
    [y.feature.name]: valueAlong(y, (row + 0.5) / GRID.rows),
  };
}

/** Scores an event at every cell of a grid over two of its features. */
export async function gridOf(model: BrowserDetector, values: EventValues, x: Axis, y: Axis): Promise<Grid> {
  const { columns, rows } = GRID;
  const events = Array.from({ length: columns * rows }, (_, cell) =>
    valuesAt(values, x, y, cell % columns, Math.floor(cell / columns)),
  );
  const { logDensityNats, pValues } = await model.score(events);
  return { columns, rows, logDensityNats, pValues, bits: pValues.map((p) => -Math.log2(p)) };
}
