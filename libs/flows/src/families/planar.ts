import { Planar } from '../bijectors/planar.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import type { FamilyOptions } from './family.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { below1, whole } from '../options/rules.ts';
import { familyRules, widths } from './option-rules.ts';

/** Options of {@link planar}. */
export interface PlanarOptions extends FamilyOptions {
  /** Number of planar maps (default 16). */
  readonly layers?: number;
  /**
   * Minimum slope of a map along its direction, in [0, 1) (default 0.05), so that float32 can
   * invert it.
   */
  readonly leastSlope?: number;
  /**
   * Hidden widths of the network that adds a function of the context to the parameters (default
   * [32]); unused without a context.
   */
  readonly hidden?: readonly number[];
}

/**
 * Planar flow (Rezende and Mohamed, “Variational inference with normalizing flows”, 2015): layers
 * of z = x + û·tanh(w·x + b), each of which expands or contracts space along one direction,
 * log|det| = log(1 + w·û·sech²). The inverse is a bracketed root search in one dimension per layer.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = planar({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function planar(options: PlanarOptions): Flow {
  checkOptions<PlanarOptions>('planar', options, {
    ...familyRules,
    layers: whole(0),
    leastSlope: below1,
    hidden: widths,
  });
  const { features, context = 0, layers = 16, leastSlope = 0.05, hidden = [32], seed } = options;
  const random = new Random(seed).fork('weights');
  const net = { hidden, activation: 'relu', residual: false } as const;
  const parts = Array.from({ length: layers }, () => {
    return new Planar({ type: 'planar', features, context, leastSlope, net }, random);
  });
  return assembled('planar', options, parts);
}
