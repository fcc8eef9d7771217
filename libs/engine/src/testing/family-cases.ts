import {
  DiagonalNormal,
  GaussianMixture,
  glow,
  maf,
  naf,
  neuralSpline,
  overPixels,
  planar,
  radial,
  Random,
  realNVP,
  StudentT,
} from '@flowline/flows';
import type { FamilyOptions, Flow } from '@flowline/flows';

/**
 * Family of flows whose density takes one pass, for any number of features. Lowering and the
 * emitters must support it.
 */
export interface FamilyCase {
  readonly name: string;
  readonly make: (options: FamilyOptions) => Flow;
  /** Size of the random weights (see randomizeWeights). */
  readonly size: number;
}

const hidden = [12, 9];
const studentT = ({ features }: FamilyOptions): StudentT =>
  new StudentT({ type: 'studentT', features, degreesOfFreedom: 5 });
const diagonalNormal = ({ features }: FamilyOptions): DiagonalNormal =>
  new DiagonalNormal({ type: 'diagonalNormal', features });
const mixture = ({ features, seed }: FamilyOptions): GaussianMixture =>
  new GaussianMixture({ type: 'gaussianMixture', features, components: 3 }, new Random(seed));

const family = (name: string, make: FamilyCase['make'], size = 1): FamilyCase => ({ name, make, size });

/**
 * All families with a lowering, each in a small version with its defaults, then with other options.
 */
export const familyCases: readonly FamilyCase[] = [
  family('realNVP', (options) => realNVP({ layers: 4, hidden, ...options })),
  family('realNVP, separate networks', (options) => realNVP({ layers: 3, hidden, networks: 'separate', ...options })),
  family('realNVP, learned partition', (options) => realNVP({ layers: 3, hidden, partition: 'learned', ...options })),
  family('glow', (options) => glow({ layers: 4, hidden, ...options }), 0.7),
  family("glow, the article's scale", (options) => glow({ layers: 3, hidden, scaleBound: 'sigmoid', ...options })),
  family('maf', (options) => maf({ layers: 3, hidden, ...options })),
  family('maf, residual, mixed, random orders', (options) =>
    maf({ layers: 2, hidden: [10, 10, 10], residual: true, mixing: true, order: 'random', ...options }),
  ),
  family(
    'maf, unbounded, no hidden layer',
    (options) => maf({ layers: 2, hidden: [], scaleBound: null, inputClip: null, ...options }),
    0.3,
  ),
  family('neuralSpline', (options) => neuralSpline({ layers: 3, hidden, bins: 6, ...options }), 0.7),
  family('neuralSpline, learned partition, raw parameters', (options) =>
    neuralSpline({ layers: 2, hidden, bins: 4, tailBound: 3, parameterBound: null, partition: 'learned', ...options }),
  ),
  family('naf', (options) => naf({ layers: 2, hidden, units: 4, ...options })),
  family('planar', (options) => planar({ layers: 4, hidden, ...options })),
  family('radial', (options) => radial({ layers: 4, hidden, ...options })),
  family('maf over Student t', (options) => maf({ layers: 2, hidden, base: studentT(options), ...options })),
  family('glow over a mixture', (options) => glow({ layers: 2, hidden, base: mixture(options), ...options })),
  family('realNVP over pixels', (options) => overPixels(realNVP({ layers: 2, hidden, ...options }), 5), 0.3),
  family('radial over a trained normal', (options) =>
    radial({ layers: 2, hidden, base: diagonalNormal(options), ...options }),
  ),
];
