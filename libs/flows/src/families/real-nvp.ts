import { ElementWiseAffine } from '../bijectors/element-wise-affine.ts';
import { boundedBy } from '../bijectors/scale-function.ts';
import type { CouplingNetworks } from '../conditioners/coupling-networks.ts';
import type { Flow } from '../flow.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import { couplingLayers, perceptronOf } from './coupling-layers.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, boolean, oneOf, orNull } from '../options/rules.ts';
import { couplingRules } from './option-rules.ts';

/** Options of {@link realNVP}; the default partition is `alternating`. */
export interface RealNvpOptions extends CouplingFamilyOptions {
  /**
   * `shared` (default): one network for log-scale and shift. `separate`, as in the paper: a tanh
   * network for s, and another for t with the activation `activation`.
   */
  readonly networks?: 'shared' | 'separate';
  /** Maximum |s| of one coupling, in nats (default 2); null: unbounded. */
  readonly scaleBound?: number | null;
  /** Appends a trainable scale and shift per feature (default false). */
  readonly finalAffine?: boolean;
}

/**
 * Real NVP (Dinh, Sohl-Dickstein and Bengio, “Density estimation using Real NVP”, 2017): affine
 * couplings over alternating partitions, z_b = x_b ⊙ exp(s(x_a)) + t(x_a), log|det| = Σ s. The
 * default base is a standard normal.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = realNVP({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function realNVP(options: RealNvpOptions): Flow {
  checkOptions<RealNvpOptions>('realNVP', options, {
    ...couplingRules,
    networks: oneOf('shared', 'separate'),
    scaleBound: orNull(above0),
    finalAffine: boolean,
  });
  const { features, partition = 'alternating', scaleBound = 2, finalAffine = false } = options;
  const transformer = new AffineTransformer({ type: 'affine', scale: boundedBy(scaleBound) });
  const layers = couplingLayers({ ...options, partition }, transformer, couplingNetworks(options));
  const last = finalAffine ? [new ElementWiseAffine({ type: 'elementWiseAffine', features })] : [];
  return assembled('realNVP', options, [...layers, ...last]);
}

function couplingNetworks(options: RealNvpOptions): CouplingNetworks {
  const net = perceptronOf(options);
  return options.networks === 'separate'
    ? { kind: 'separate', scale: { ...net, activation: 'tanh' }, shift: net }
    : { kind: 'shared', net };
}
