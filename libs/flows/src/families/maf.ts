import { boundedBy } from '../bijectors/scale-function.ts';
import type { Flow } from '../flow.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import type { AutoregressiveFamilyOptions } from './autoregressive-layers.ts';
import { autoregressiveLayers } from './autoregressive-layers.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, orNull } from '../options/rules.ts';
import { autoregressiveRules } from './option-rules.ts';

/** Options of {@link maf}. */
export interface MafOptions extends AutoregressiveFamilyOptions {
  /** Maximum |s| of one map, in nats (default 2); null: unbounded. */
  readonly scaleBound?: number | null;
}

/**
 * Masked autoregressive flow (Papamakarios, Pavlakou and Murray, 2017):
 * z_i = x_i·exp(s_i(x_{<i})) + t_i(x_{<i}), log|det| = Σ s, with one masked network per layer.
 * Densities cost one pass per layer; samples cost one per layer and feature.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = maf({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function maf(options: MafOptions): Flow {
  checkOptions<MafOptions>('maf', options, { ...autoregressiveRules, scaleBound: orNull(above0) });
  const { layers = 5, scaleBound = 2 } = options;
  const transformer = new AffineTransformer({ type: 'affine', scale: boundedBy(scaleBound) });
  return assembled('maf', options, autoregressiveLayers({ ...options, layers }, transformer));
}
