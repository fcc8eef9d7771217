import { at } from '@flowline/events';
import { ENCODED_BOUND, type FeatureEncoding, type FeatureTable } from '@flowline/features';
import type { Random } from '@flowline/flows';
import { isObserved } from '../explanation/nearest-normal.ts';
import { valueAt } from '../sorted.ts';

/** Encoded rows with training noise added. */
export interface NoisyRows {
  /** [size × width] */
  readonly rows: Float32Array;
  /** Σ log|det| + log P(levels) per row. */
  readonly logJacobian: Float64Array;
  readonly outOfDomain: Uint8Array;
}

/**
 * Encodes rows for one model and adds the noise of the reference models, row by row in turn, so
 * that neither is at home more often: the same draw in original units, whatever the scales of the
 * two (σ_own = σ_reference · |dx_own/dv| / |dx_reference/dv|; exact if the two encodings differ by
 * scale and shift). Every call draws the same number of random numbers, so that two models with
 * generators of the same seed get the same noise.
 * @param firstRow place of the first row of the table, which decides whose turn it is.
 */
export function noisyRows(
  encoding: FeatureEncoding,
  references: readonly FeatureEncoding[],
  table: FeatureTable,
  random: Random,
  firstRow: number,
): NoisyRows {
  const batch = encoding.encode(table);
  const { rows, width, size, logJacobian, logDiscrete, outOfDomain } = batch;
  for (let row = 0; row < size; row++) {
    const reference = at(references, (firstRow + row) % references.length);
    encoding.scored.forEach((own, dimension) => {
      const [normal, uniform] = [random.normal(), random.uniform() - 0.5];
      const other = reference.scored[dimension];
      if (other === undefined || !isObserved(encoding, batch, row, dimension)) return;
      const value = valueAt(table.numeric, row * table.numericWidth + own.numericColumn);
      const ratio = own.derivative(value) / other.derivative(value);
      const step = valueAt(encoding.noise.uniform, dimension);
      const cell = row * width + dimension;
      const noisy = valueAt(rows, cell) + normal * other.sigma * ratio + uniform * step;
      // For a column that is constant in one model only, the other's noise may be any multiple of
      // its deviation.
      rows[cell] = Math.max(-ENCODED_BOUND, Math.min(ENCODED_BOUND, noisy));
    });
  }
  return { rows, logJacobian: logJacobian.map((nats, row) => nats + valueAt(logDiscrete, row)), outOfDomain };
}
