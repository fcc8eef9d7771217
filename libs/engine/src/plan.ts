import { at } from './at.ts';

/**
 * A plan is a flow frozen for scoring: a short list of typed steps over a state of `features` numbers, with their weights.
 * It is the only thing that the reference interpreter and the emitters know. Lowering folds into it whatever costs nothing
 * at scoring time: permutations become indices, masks become weights, and affine maps (ActNorm, scaling) become constants
 * of their neighbours.
 *
 * The state starts as x (0 where a feature is not observed), each step changes it, and
 *
 *     z_i = scale_d · state_d + shift_d · o_d,  d = order_i
 *     log p(x) = Σ_d o_d · (logScale_d − ½ log 2π) − ½ Σ z² + Σ over the steps of their log|det|
 *
 * where o_d is 1 for an observed dimension and 0 otherwise. All weights are float64; an emitter rounds them.
 */
export interface Plan {
  /** d, the length of x, of z and of the state. */
  readonly features: number;
  /** c, the number of context columns that follow x in a row. */
  readonly context: number;
  /** Per dimension: the context column that is 1 where it is observed, or null where it always is. */
  readonly presence: readonly (number | null)[];
  readonly steps: readonly Step[];
  /** [d] what the last affine maps amount to, per state dimension. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** [d] log|scale| of every affine map that was folded anywhere, per state dimension. */
  readonly logScale: Float64Array;
  /** [d] which state dimension each latent is. */
  readonly order: Int32Array;
}

/** One step of a plan. A new family adds a member here, and one file to the reference and to each emitter. */
export type Step = AffineCouplingStep;

/**
 * v_b ← (α_b·v_b + β_b·o_b)·exp(s·o_b) + t·o_b, log|det| = Σ s·o_b (log|α| is counted in the plan's logScale), with
 * s = scale(r), [r | t] = network(squash([α_a·v_a + β_a·o_a | context])) and squash(u) = clip·tanh(u / clip), or u where the
 * clip is null.
 */
export interface AffineCouplingStep {
  readonly type: 'affineCoupling';
  /** a: the state dimensions that the network reads, in its order. They pass unchanged. */
  readonly conditioning: Int32Array;
  /** b: the state dimensions that are transformed, in the order of the network's outputs. */
  readonly transformed: Int32Array;
  readonly conditioningScale: Float64Array;
  readonly conditioningShift: Float64Array;
  readonly transformedScale: Float64Array;
  readonly transformedShift: Float64Array;
  readonly inputClip: number | null;
  readonly scale: ScaleFunction;
  /** From |a| + c inputs to 2·|b| outputs: every r, then every t. */
  readonly network: Network;
}

/** s(r): `tanh` is bound·tanh(r / bound), `softsign` is r / (1 + |r| / bound), `none` is r. */
export type ScaleFunction =
  { readonly kind: 'tanh' | 'softsign'; readonly bound: number } | { readonly kind: 'none'; readonly bound: null };

/**
 * A feed-forward network in single assignment: value 0 is the input, and layer i computes value i + 1. The outputs are one
 * value, or two side by side (the scales and the shifts); no layer reads them.
 */
export interface Network {
  readonly inputs: number;
  readonly layers: readonly Layer[];
  readonly outputs: readonly number[];
}

export type Layer = DenseLayer | ActivationLayer | SumLayer;

/** y = activation(v·W + bias). */
export interface DenseLayer {
  readonly type: 'dense';
  /** The value that is multiplied. */
  readonly source: number;
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs × outputs], row-major; a masked layer has exact zeros in it. */
  readonly weights: Float64Array;
  /** [outputs] */
  readonly bias: Float64Array;
  readonly activation: Activation;
}

/** y = activation(v). */
export interface ActivationLayer {
  readonly type: 'activation';
  readonly source: number;
  readonly activation: Activation;
}

/** y = u + v, of two values of the same width: a residual connection. */
export interface SumLayer {
  readonly type: 'sum';
  readonly sources: readonly [number, number];
}

/** The activations that every executor knows; the output of each determines its derivative. */
export const activations = ['linear', 'relu', 'leakyRelu', 'tanh', 'sigmoid', 'elu'] as const;
export type Activation = (typeof activations)[number];

/** The slope of leakyRelu below 0. */
export const LEAKY_SLOPE = 0.01;

/** The values that a layer is computed from. */
export const sourcesOf = (layer: Layer): readonly number[] => (layer.type === 'sum' ? layer.sources : [layer.source]);

/** The width of every value of a network; value 0 is its input. */
export const valueWidths = (network: Network): readonly number[] => {
  const widths = [network.inputs];
  for (const layer of network.layers) {
    widths.push(layer.type === 'dense' ? layer.outputs : at(widths, at(sourcesOf(layer), 0)));
  }
  return widths;
};
