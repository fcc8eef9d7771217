import type { FeatureEncoding, FeatureTable } from '@flowline/features';

import { isObserved } from '../explanation/nearest-normal.ts';
import { valueAt } from '../sorted.ts';
import type { Uniform } from './drift-evidence.ts';
import { type FeaturePits, noPits } from './feature-pits.ts';

/** Slope of the logistic curve that is nearest to the normal CDF, within 0.01 of it. */
const LOGISTIC_SLOPE = 1.702;

/**
 * Marginal PIT of every scored feature of the rows of a table: that of a number by a normal law
 * with the mean and deviation of the training rows, on the scale of its transform. Any increasing
 * map would do, since the PITs of a day are compared with those of other days. That of a level is
 * drawn at random from the part of [0, 1] that it took up in the training rows.
 */
export function marginalPits(encoding: FeatureEncoding, table: FeatureTable, random: Uniform): readonly FeaturePits[] {
  const batch = encoding.encode(table);
  const { pits, keep } = noPits(encoding, table.size);
  for (let row = 0; row < table.size; row++) {
    encoding.dimensionNames.forEach((feature, dimension) => {
      if (!isObserved(encoding, batch, row, dimension)) return;
      const encoded = valueAt(batch.rows, row * batch.width + dimension);
      keep(feature, row, 1 / (1 + Math.exp(-LOGISTIC_SLOPE * encoded)));
    });
    for (const { feature, from, to } of encoding.levelRanges(table, row, 'nothing')) {
      keep(feature, row, from + random.uniform() * (to - from));
    }
  }
  return [...pits].map(([feature, values]) => ({ feature, pit: 'marginal', values }));
}
