import { at } from '../at.ts';
import type { Bijector } from '../bijector.ts';
import { ActNorm } from '../bijectors/act-norm.ts';
import { Chain } from '../bijectors/chain.ts';
import type { CouplingOptions } from '../bijectors/coupling.ts';
import { Coupling } from '../bijectors/coupling.ts';
import { ElementWiseAffine } from '../bijectors/element-wise-affine.ts';
import { Permutation } from '../bijectors/permutation.ts';
import { PixelLogit } from '../bijectors/pixel-logit.ts';
import { StandardNormal } from '../distributions/standard-normal.ts';
import type { RealNvpOptions } from '../families/real-nvp.ts';
import { realNVP } from '../families/real-nvp.ts';
import { Flow } from '../flow.ts';
import { partition } from '../partition.ts';
import { Random } from '../random.ts';
import type { AffineTransformerConfig } from '../transformers/affine.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import type { Constructor, Shape } from './constructor.ts';
import { familyConstructors } from './family-table.ts';

const nvp = (name: string, options: Partial<RealNvpOptions>, trained = false): Constructor => ({
  name: `realNVP ${name}`,
  make: (shape) => realNVP({ layers: 4, hidden: [16, 16], ...options, ...shape }),
  bounded: options.scaleBound !== null,
  supportsMissing: true,
  trained,
});

const single = (name: string, make: (shape: Shape, random: Random) => Bijector): Constructor => ({
  name,
  make: (shape) =>
    new Flow({
      family: name,
      features: shape.features,
      context: shape.context,
      ...(shape.presence === undefined ? {} : { presence: shape.presence }),
      base: new StandardNormal(shape.features),
      bijector: make(shape, new Random(shape.seed)),
    }),
  bounded: true,
  supportsMissing: true,
  trained: false,
});

const affine = (scale: AffineTransformerConfig['scale']) => new AffineTransformer({ type: 'affine', scale });

const coupling = (shape: Shape, random: Random, changes: Partial<CouplingOptions>) =>
  new Coupling(
    {
      features: shape.features,
      context: shape.context,
      conditioning: at(partition('alternating', shape.features, 1, random), 0),
      inputClip: null,
      networks: { kind: 'shared', net: { hidden: [12], activation: 'tanh', residual: false } },
      transformer: affine({ kind: 'tanh', bound: 2 }),
      ...changes,
    },
    random,
  );

/** All constructors covered by the generic proofs. */
export const constructors: readonly Constructor[] = [
  nvp('defaults', {}, true),
  nvp('halves', { partition: 'halves' }),
  nvp('random partitions', { partition: 'random', finalAffine: true }),
  nvp('as a detector has it', { partition: 'pairs', actNorm: false, finalAffine: true }, true),
  nvp('as the article has it', { networks: 'separate', inputClip: null, actNorm: false, hidden: [16] }, true),
  nvp('learned partition', { partition: 'learned', layers: 2 }),
  nvp('residual', { residual: true, activation: 'elu' }),
  nvp('tanh networks', { activation: 'tanh' }),
  nvp('leaky relu, tight bound', { activation: 'leakyRelu', scaleBound: 0.5 }),
  nvp('sigmoid, affine conditioner', { activation: 'sigmoid', hidden: [] }),
  nvp('unbounded', { scaleBound: null }),
  single('coupling, softsign', (shape, random) =>
    coupling(shape, random, { transformer: affine({ kind: 'softsign', bound: Math.log(1e3) }) }),
  ),
  single('coupling without conditioning', (shape, random) => coupling(shape, random, { conditioning: [] })),
  single('coupling, separate networks that are not the identity at 0', (shape, random) => {
    const net = { hidden: [12], activation: 'tanh', residual: false } as const;
    const networks = { kind: 'separate', scale: net, shift: net } as const;
    return coupling(shape, random, { networks, transformer: affine({ kind: 'sigmoid' }) });
  }),
  single('elementWiseAffine', ({ features }) => new ElementWiseAffine({ type: 'elementWiseAffine', features })),
  single('actNorm', ({ features }) => new ActNorm({ type: 'actNorm', features, initialized: true })),
  single('pixelLogit', () => new PixelLogit({ type: 'pixelLogit', values: 4, margin: 0.05 })),
  single('permutation', ({ features }, random) => {
    return new Permutation({ type: 'permutation', order: [...random.permutation(features)] });
  }),
  single('chain with permutations', (shape, random) => {
    const shuffled = () => new Permutation({ type: 'permutation', order: [...random.permutation(shape.features)] });
    return new Chain([shuffled(), coupling(shape, random, {}), shuffled(), coupling(shape, random, {})]);
  }),
  ...familyConstructors,
];
