import { ActNorm } from '../bijectors/act-norm.ts';
import { Chain } from '../bijectors/chain.ts';
import { LuLinear } from '../bijectors/lu-linear.ts';
import { PerPixel } from '../bijectors/per-pixel.ts';
import { Permutation } from '../bijectors/permutation.ts';
import { DiagonalNormal } from '../distributions/diagonal-normal.ts';
import { GaussianMixture } from '../distributions/gaussian-mixture.ts';
import { StudentT } from '../distributions/student-t.ts';
import { assembled } from '../families/family.ts';
import { glow } from '../families/glow.ts';
import { iaf } from '../families/iaf.ts';
import { maf } from '../families/maf.ts';
import type { MultiScaleOptions } from '../families/multi-scale.ts';
import { multiScale } from '../families/multi-scale.ts';
import { naf } from '../families/naf.ts';
import { neuralSpline } from '../families/neural-spline.ts';
import { planar } from '../families/planar.ts';
import { radial } from '../families/radial.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import type { Constructor, Shape } from './constructor.ts';

/**
 * A line of the table: bounded, supporting missing features and not trained, unless `traits` says
 * otherwise.
 */
const family = (
  name: string,
  make: (shape: Shape) => Flow,
  traits: Partial<Omit<Constructor, 'name' | 'make'>> = {},
): Constructor => ({ name, make, bounded: true, supportsMissing: true, trained: false, ...traits });

const hidden = [12];

const studentT = ({ features }: Shape) => new StudentT({ type: 'studentT', features, degreesOfFreedom: 5 });
const diagonalNormal = ({ features }: Shape) => new DiagonalNormal({ type: 'diagonalNormal', features });
const mixture = ({ features, seed }: Shape) =>
  new GaussianMixture({ type: 'gaussianMixture', features, components: 3 }, new Random(seed));

/**
 * Treats rows of any length as images, with 2 lines if possible, so that 4 features are 2 × 2
 * pixels, which two scales can squeeze.
 */
const images = ({ features, layers, ...shape }: Shape, options: Partial<MultiScaleOptions> = {}) => {
  const isSquare = features % 4 === 0;
  return multiScale({
    height: isSquare ? 2 : 1,
    width: isSquare ? 2 : features % 2 === 0 ? 2 : 1,
    channels: isSquare ? features / 4 : features % 2 === 0 ? features / 2 : features,
    levels: isSquare ? 2 : 1,
    steps: layers === undefined ? 2 : Math.ceil(layers / 2),
    hidden: [6],
    ...options,
    ...shape,
  });
};

/**
 * Families besides Real NVP, each with small networks and default options first, then with other
 * options.
 */
export const familyConstructors: readonly Constructor[] = [
  family('planar', (shape) => planar({ layers: 4, hidden, ...shape }), { trained: true }),
  family('radial', (shape) => radial({ layers: 4, hidden, ...shape }), { trained: true }),
  family('maf', (shape) => maf({ layers: 3, hidden, ...shape }), { trained: true }),
  family('maf, residual, mixed, random orders', (shape) =>
    maf({ layers: 2, hidden: [12, 12], residual: true, mixing: true, order: 'random', ...shape }),
  ),
  family('maf, unbounded, no hidden layer', (shape) => maf({ layers: 2, hidden: [], scaleBound: null, ...shape }), {
    bounded: false,
  }),
  family('iaf', (shape) => iaf({ layers: 2, hidden, ...shape }), { trained: true }),
  family('naf', (shape) => naf({ layers: 2, hidden, units: 4, ...shape }), { trained: true }),
  family('glow', (shape) => glow({ layers: 4, hidden, ...shape }), { trained: true }),
  family("glow, the article's scale", (shape) => glow({ layers: 2, hidden, scaleBound: 'sigmoid', ...shape })),
  family('multiScale', (shape) => images(shape), { trained: true }),
  family(
    'multiScale, deeper networks, unbounded, no ActNorm',
    (shape) => images(shape, { hidden: [5, 4], activation: 'elu', scaleBound: null, actNorm: false }),
    { bounded: false },
  ),
  family('neuralSpline', (shape) => neuralSpline({ layers: 3, hidden, bins: 6, ...shape }), { trained: true }),
  family('neuralSpline, autoregressive', (shape) =>
    neuralSpline({ conditioning: 'autoregressive', layers: 2, hidden, bins: 5, partition: 'learned', ...shape }),
  ),
  family('neuralSpline, learned partition', (shape) =>
    neuralSpline({ layers: 2, hidden, bins: 4, tailBound: 3, parameterBound: 1.5, partition: 'learned', ...shape }),
  ),
  family('1 × 1 convolution with ActNorm', (shape) => {
    const { features, seed } = shape;
    const pixels = features % 2 === 0 ? features / 2 : 1;
    const channels = features / pixels;
    const random = new Random(seed);
    const convolution = new Chain([
      new ActNorm({ type: 'actNorm', features: channels, initialized: true }),
      new Permutation({ type: 'permutation', order: [...random.permutation(channels)] }),
      new LuLinear({ type: 'luLinear', features: channels }),
    ]);
    return assembled('convolution', shape, [new PerPixel(pixels, convolution)]);
  }),
  // The proof with missing features supports only the standard normal; distributions have their
  // own.
  family('maf over Student t', (shape) => maf({ layers: 2, hidden, base: studentT(shape), ...shape }), {
    supportsMissing: false,
  }),
  family('glow over a mixture', (shape) => glow({ layers: 2, hidden, base: mixture(shape), ...shape }), {
    supportsMissing: false,
    trained: true,
  }),
  family(
    'radial over a trained normal',
    (shape) => radial({ layers: 2, hidden, base: diagonalNormal(shape), ...shape }),
    {
      supportsMissing: false,
    },
  ),
];
