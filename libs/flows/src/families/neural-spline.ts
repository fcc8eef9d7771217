import type { Flow } from '../flow.ts';
import { RationalQuadratic } from '../transformers/rational-quadratic.ts';
import { couplingLayers } from './coupling-layers.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';
import { assembled } from './family.ts';

/** The options of {@link neuralSpline}; its partition is `alternating` unless another is asked for. */
export interface NeuralSplineOptions extends CouplingFamilyOptions {
  /** K, the number of bins of each spline (default 8). */
  readonly bins?: number;
  /** B: splines act within [−B, B] and are the identity outside (default 5). Scale the data accordingly. */
  readonly tailBound?: number;
  /** Raw spline parameters r count as c·tanh(r / c) (default 3); null: as they are, beyond what float32 can always invert. */
  readonly parameterBound?: number | null;
}

/**
 * Neural spline flow (Durkan, Bekasov, Murray and Papamakarios, 2019): couplings whose features pass through monotone rational-quadratic splines
 * with K bins, whose knots and slopes a network computes from the other features. Both directions are in closed form.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = neuralSpline({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function neuralSpline(options: NeuralSplineOptions): Flow {
  const { partition = 'alternating', bins = 8, tailBound = 5, parameterBound = 3 } = options;
  const transformer = new RationalQuadratic({ type: 'rationalQuadratic', bins, bound: tailBound, parameterBound });
  return assembled('neuralSpline', options, couplingLayers({ ...options, partition }, transformer));
}
