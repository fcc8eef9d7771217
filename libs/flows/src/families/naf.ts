import { boundedBy } from '../bijectors/scale-function.ts';
import type { Flow } from '../flow.ts';
import { DeepSigmoid } from '../transformers/deep-sigmoid.ts';
import type { AutoregressiveFamilyOptions } from './autoregressive-layers.ts';
import { autoregressiveLayers } from './autoregressive-layers.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, orNull, whole } from '../options/rules.ts';
import { autoregressiveRules } from './option-rules.ts';

/** Options of {@link naf}. */
export interface NafOptions extends AutoregressiveFamilyOptions {
  /** Number of sigmoids per feature (default 8). */
  readonly units?: number;
  /**
   * Maximum |log slope| of a sigmoid's argument, in nats (default 2), which bounds the slopes of
   * the tails; null: unbounded.
   */
  readonly scaleBound?: number | null;
}

/**
 * Neural autoregressive flow (Huang et al., 2018) with deep sigmoidal maps:
 * z_i = logit(Σ_k w_k·σ(a_k·x_i + b_k)), where a masked network computes w, a and b from x_{<i}.
 * One layer can represent several modes per feature. The inverse is a root search per feature, in
 * order.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = naf({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));
 * ```
 */
export function naf(options: NafOptions): Flow {
  checkOptions<NafOptions>('naf', options, { ...autoregressiveRules, units: whole(1), scaleBound: orNull(above0) });
  const { layers = 3, units = 8, scaleBound = 2 } = options;
  const transformer = new DeepSigmoid({ type: 'deepSigmoid', units, scale: boundedBy(scaleBound), spread: 1 });
  return assembled('naf', options, autoregressiveLayers({ ...options, layers }, transformer));
}
