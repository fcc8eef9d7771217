import type { Flow } from '../flow.ts';
import { RationalQuadratic } from '../transformers/rational-quadratic.ts';
import { MOST_BINS } from '../ops/spline-kernel.ts';
import { autoregressiveLayers } from './autoregressive-layers.ts';
import { couplingLayers } from './coupling-layers.ts';
import type { CouplingFamilyOptions } from './coupling-options.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, oneOf, orNull, wholeWithin } from '../options/rules.ts';
import { couplingRules } from './option-rules.ts';

/** Options of {@link neuralSpline}; the default partition is `alternating`. */
export interface NeuralSplineOptions extends CouplingFamilyOptions {
  /**
   * `coupling` (default): half of the features determine the splines of the others, and both
   * directions cost one pass. `autoregressive`: the features before a feature determine its spline
   * (5 layers by default, in alternating order; the only partition with an effect is `learned`).
   * Autoregressive flows fit densities better for the same number of parameters, but sampling costs
   * one pass per feature.
   */
  readonly conditioning?: 'coupling' | 'autoregressive';
  /** K, number of bins of each spline (default 8). */
  readonly bins?: number;
  /**
   * B: splines act within [−B, B] and are the identity outside (default 5). Scale the data
   * accordingly.
   */
  readonly tailBound?: number;
  /**
   * Bounds raw spline parameters r to c·tanh(r / c) (default 3); null: unbounded, which float32
   * cannot always invert.
   */
  readonly parameterBound?: number | null;
}

/**
 * Neural spline flow (Durkan, Bekasov, Murray and Papamakarios, 2019): couplings, or autoregressive
 * maps, that transform features by monotone rational-quadratic splines with K bins. A network
 * computes knots and slopes from the other features. Couplings have both directions in closed form.
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = neuralSpline({ features: 2, seed: 1 });
 * const logP = flow.logProb(tf.tensor2d([[0, 0]]));   // log N(0; 0, I): a flow starts at the identity
 * ```
 */
export function neuralSpline(options: NeuralSplineOptions): Flow {
  checkOptions<NeuralSplineOptions>('neuralSpline', options, {
    ...couplingRules,
    conditioning: oneOf('coupling', 'autoregressive'),
    bins: wholeWithin(2, MOST_BINS),
    tailBound: above0,
    parameterBound: orNull(above0),
  });
  const { partition = 'alternating', bins = 8, tailBound = 5, parameterBound = 3 } = options;
  const transformer = new RationalQuadratic({ type: 'rationalQuadratic', bins, bound: tailBound, parameterBound });
  const parts =
    options.conditioning === 'autoregressive'
      ? autoregressiveLayers({ ...options, layers: options.layers ?? 5, mixing: partition === 'learned' }, transformer)
      : couplingLayers({ ...options, partition }, transformer);
  return assembled('neuralSpline', options, parts);
}
