import { boundedBy } from '../bijectors/scale-function.ts';
import type { Flow } from '../flow.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import { couplingLayers } from './coupling-layers.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, either, oneOf, orNull } from '../options/rules.ts';
import { couplingRules } from './option-rules.ts';

/** Options of {@link glow}; the default partition is `learned`. */
export interface GlowOptions extends CouplingFamilyOptions {
  /**
   * Maximum |s| of one coupling, in nats (default 2), `sigmoid` for the paper's σ(r + 2), null:
   * unbounded.
   */
  readonly scaleBound?: number | 'sigmoid' | null;
}

/**
 * Glow (Kingma and Dhariwal, 2018) for rows: each step is an ActNorm, an invertible linear map
 * L·U·x + t (the counterpart of the 1×1 convolution) and an affine coupling; log|det| is the sum
 * over them.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = glow({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function glow(options: GlowOptions): Flow {
  checkOptions<GlowOptions>('glow', options, {
    ...couplingRules,
    scaleBound: orNull(either(above0, oneOf('sigmoid'))),
  });
  const { partition = 'learned', scaleBound = 2 } = options;
  const scale = scaleBound === 'sigmoid' ? ({ kind: 'sigmoid' } as const) : boundedBy(scaleBound);
  const transformer = new AffineTransformer({ type: 'affine', scale });
  return assembled('glow', options, couplingLayers({ ...options, partition }, transformer));
}
