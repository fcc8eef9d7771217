import type { Bijector } from '../bijector.ts';
import { ActNorm } from '../bijectors/act-norm.ts';
import type { CouplingNetworks } from '../bijectors/affine-coupling.ts';
import { AffineCoupling } from '../bijectors/affine-coupling.ts';
import { ElementWiseAffine } from '../bijectors/element-wise-affine.ts';
import { LuLinear } from '../bijectors/lu-linear.ts';
import { boundedBy } from '../bijectors/scale-function.ts';
import type { Activation } from '../conditioners/activation.ts';
import type { Flow } from '../flow.ts';
import type { PartitionScheme } from '../partition.ts';
import { partition } from '../partition.ts';
import { Random } from '../random.ts';
import type { FamilyOptions } from './family.ts';
import { assembled } from './family.ts';

/** The options of {@link realNVP}. */
export interface RealNvpOptions extends FamilyOptions {
  /** The number of couplings (default 8). */
  readonly layers?: number;
  /** Widths of the hidden layers of each coupling's network (default [64, 64]). */
  readonly hidden?: readonly number[];
  /** Default `relu`. With separate networks it is that of the shift; the log-scale's is tanh. */
  readonly activation?: Activation;
  /** Adds the input of a hidden layer to its output where the widths agree (default false). */
  readonly residual?: boolean;
  /** Default `shared`: one network for log-scale and shift. `separate`: a tanh one for s and another for t, as the article draws it. */
  readonly networks?: 'shared' | 'separate';
  /** The largest |s| of one coupling, in nats (default 2); null: unbounded. */
  readonly scaleBound?: number | null;
  /** Networks see clip·tanh(input / clip) (default 5); null: the input as it is. */
  readonly inputClip?: number | null;
  /** An ActNorm before each coupling (default true). */
  readonly actNorm?: boolean;
  /**
   * How features are divided (default `alternating`); `learned`: a trained LU map mixes them before each coupling, and halves condition in
   * turn.
   */
  readonly partition?: PartitionScheme | 'learned';
  /** A trainable scale and shift per feature at the end (default false). */
  readonly finalAffine?: boolean;
}

/**
 * Real NVP (Dinh, Sohl-Dickstein and Bengio, “Density estimation using Real NVP”, 2017): affine couplings over alternating partitions,
 * z_b = x_b ⊙ exp(s(x_a)) + t(x_a), log|det| = Σ s, over a standard normal base unless another is given.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = realNVP({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function realNVP(options: RealNvpOptions): Flow {
  const { features, context = 0, layers = 8, seed, scaleBound = 2, inputClip = 5 } = options;
  const { actNorm = true, finalAffine = false, partition: scheme = 'alternating' } = options;
  const random = new Random(seed);
  const isLearned = scheme === 'learned';
  const conditioning = partition(isLearned ? 'halves' : scheme, features, layers, random.fork('partition'));
  const weights = random.fork('weights');
  const networks = couplingNetworks(options);
  const parts = conditioning.flatMap((indices): Bijector[] => [
    ...(actNorm ? [new ActNorm({ type: 'actNorm', features, initialized: false })] : []),
    ...(isLearned ? [new LuLinear({ type: 'luLinear', features })] : []),
    new AffineCoupling(
      {
        type: 'affineCoupling',
        features,
        context,
        conditioning: indices,
        scale: boundedBy(scaleBound),
        inputClip,
        networks,
      },
      weights,
    ),
  ]);
  if (finalAffine) parts.push(new ElementWiseAffine({ type: 'elementWiseAffine', features }));
  return assembled('realNVP', options, parts);
}

function couplingNetworks(options: RealNvpOptions): CouplingNetworks {
  const { hidden = [64, 64], activation = 'relu', residual = false } = options;
  const net = { hidden, activation, residual };
  return options.networks === 'separate'
    ? { kind: 'separate', scale: { ...net, activation: 'tanh' }, shift: net }
    : { kind: 'shared', net };
}
