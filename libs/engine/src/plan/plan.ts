import { at } from '@flowline/events';

import type { ContextualMapOptions } from '../steps/contextual.ts';

/**
 * A plan is a flow frozen for scoring: a short list of typed steps over a state of `features`
 * numbers, with their weights. The reference interpreter and the emitters know nothing else of a
 * flow. Lowering folds in everything that is free at scoring time: permutations become indices,
 * masks become weights, and affine maps (ActNorm, scaling) become constants of their neighbours.
 *
 * The state starts as x (0 where a feature is not observed), each step changes it, and
 *
 * ```
 * z_d = scale_d · state_d + shift_d · o_d; the latent is z in the order of `order`
 * log p(x) = log base(z) + Σ_d o_d · logScale_d + Σ over the steps of their log|det|
 * ```
 *
 * where o_d is 1 for an observed dimension and 0 otherwise. All weights are float64; emitters round
 * them.
 */
export interface Plan {
  /** d: length of x, of z and of the state. */
  readonly features: number;
  /** c: number of context columns that follow x in a row. */
  readonly context: number;
  /** Per dimension: the context column that is 1 where it is observed. Null if it always is. */
  readonly presence: readonly (number | null)[];
  readonly steps: readonly Step[];
  /** Remaining affine map per state dimension: [d] scale and [d] shift. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** [d] sum of log|scale| over all folded affine maps and the linear maps, per state dimension. */
  readonly logScale: Float64Array;
  /** [d] state dimension of each latent. */
  readonly order: Int32Array;
  /** Density of z. */
  readonly base: Base;
}

/** Step of a plan. docs/guides/add-a-flow.md shows how to add one. */
export type Step = TransformStep | LinearStep | ContextualStep;

/** Map of all dimensions, one of steps/contextual.ts. Its parameters come from the context. */
export type ContextualStep = ContextualMapOptions & {
  /** All dimensions. */
  readonly read: Reading;
  /** From the c context columns to the parts of the map. Constant if there is no context. */
  readonly network: Network;
};

/**
 * State dimensions as a step reads them, each with its pending affine map:
 * u_i = scale_i·v_d + shift_i·o_d, d = dimensions_i.
 */
export interface Reading {
  readonly dimensions: Int32Array;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * Coupling or autoregressive map: v_b ← o_b·g(u_b; θ), log|det| = Σ o_b·log ∂g/∂u_b. Here
 * θ = network([squash(u_a) | squash(context)]), and squash(u) = clip·tanh(u / clip), or u if the
 * clip is null. All reads precede all writes, so a and b may overlap. If they do, the parameters of
 * a dimension must not depend on any dimension that depends on it, so that the Jacobian is
 * triangular.
 */
export interface TransformStep {
  readonly type: 'transform';
  /** a: inputs of the network, in its order. */
  readonly conditioning: Reading;
  /** b: dimensions that are transformed. */
  readonly transformed: Reading;
  readonly inputClip: number | null;
  readonly transformer: Transformer;
  /**
   * From |a| + c inputs to p·|b| outputs: the first parameter of every dimension of b, then the
   * second of each, and so on.
   */
  readonly network: Network;
}

/**
 * Linear map: v_b ← o_b·(u_b·W + bias). Its log|det| is constant and part of the plan's logScale.
 */
export interface LinearStep {
  readonly type: 'linear';
  /** b: dimensions that are read and written. */
  readonly read: Reading;
  /** [|b| × |b|], row-major: row i multiplies u_i. */
  readonly weights: Float64Array;
  /** [|b|] */
  readonly bias: Float64Array;
}

/** Increasing scalar map g(u; θ). The formulas are in formula/transformers.ts. */
export type Transformer =
  AffineTransformer | RationalQuadraticTransformer | DeepSigmoidTransformer | PixelLogitTransformer;

/** Affine map: g = u·e^s + t, log ∂g/∂u = s = scale(r). Parameters: r, t. */
export interface AffineTransformer {
  readonly type: 'affine';
  readonly scale: ScaleFunction;
}

/**
 * Rational-quadratic spline of K = `bins` bins on [−bound, bound], the identity outside.
 * Parameters: K raw widths, K raw heights, K − 1 raw slopes. Each is squashed to c·tanh(r / c) with
 * c = parameterBound, or used as it is if that is null.
 */
export interface RationalQuadraticTransformer {
  readonly type: 'rationalQuadratic';
  readonly bins: number;
  readonly bound: number;
  readonly parameterBound: number | null;
}

/**
 * Deep sigmoidal map: g = logit Σ_k w_k·σ(e^{scale(a_k)}·u + b_k + offset_k), with K = `units`,
 * offsets evenly spaced from −spread to spread, and w the softmax of the logits. Parameters: K of
 * a, K of b, K logits.
 */
export interface DeepSigmoidTransformer {
  readonly type: 'deepSigmoid';
  readonly units: number;
  readonly scale: ScaleFunction;
  readonly spread: number;
}

/**
 * Logit of a pixel of `values` grey levels, with α = `margin`:
 * g = logit(α + (1 − 2α)·(u + ½)/values), which goes on along its tangents outside
 * [−½, values − ½]. It has no parameters.
 */
export interface PixelLogitTransformer {
  readonly type: 'pixelLogit';
  readonly values: number;
  readonly margin: number;
}

/**
 * Log-scale s as a function of a raw parameter r:
 * - `tanh`: bound·tanh(r / bound)
 * - `softsign`: r / (1 + |r| / bound)
 * - `none`: r
 * - `sigmoid`: log(σ(r + 2) + 10⁻³)
 * - `softplus`: log(softplus(r) + 10⁻³)
 */
export type ScaleFunction =
  | { readonly kind: 'tanh' | 'softsign'; readonly bound: number }
  | { readonly kind: 'none' | 'sigmoid' | 'softplus'; readonly bound: null };

/**
 * Density of z over the state dimensions, with y_d = (z_d − location_d)·e^{−logScale_d}. Only
 * observed dimensions count.
 */
export type Base = NormalBase | StudentTBase | GaussianMixtureBase;

/**
 * Normal: log p = −Σ (½y² + ½ log 2π + logScale). The standard normal has location and logScale 0.
 */
export interface NormalBase {
  readonly type: 'normal';
  /** [d] */
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** Student's t: log p = Σ [logNormalizer − logScale − (ν + 1)/2·log(1 + y²/ν)]. */
export interface StudentTBase {
  readonly type: 'studentT';
  /** ν */
  readonly degreesOfFreedom: number;
  /** log Γ((ν + 1)/2) − log Γ(ν/2) − ½ log νπ */
  readonly logNormalizer: number;
  /** [d] */
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** Gaussian mixture: log p = log Σ_k w_k·Π_d N(z_d; location_kd, e^{logScale_kd}). */
export interface GaussianMixtureBase {
  readonly type: 'gaussianMixture';
  /** [K] log w. The weights sum to 1. */
  readonly logWeights: Float64Array;
  /** [K × d], row-major */
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** p: number of parameters of a transformer per dimension. */
export const parametersOf = (transformer: Transformer): number => {
  switch (transformer.type) {
    case 'affine':
      return 2;
    case 'rationalQuadratic':
      return 3 * transformer.bins - 1;
    case 'deepSigmoid':
      return 3 * transformer.units;
    case 'pixelLogit':
      return 0;
  }
};

/**
 * Feed-forward network in single-assignment form: value 0 is the input, and layer i computes value
 * i + 1. The output is one value, or several side by side. No layer reads an output.
 */
export interface Network {
  readonly inputs: number;
  readonly layers: readonly Layer[];
  readonly outputs: readonly number[];
}

export type Layer = DenseLayer | ActivationLayer | SumLayer;

/** Dense layer: y = activation(v·W + bias). */
export interface DenseLayer {
  readonly type: 'dense';
  /** Index of the value that is multiplied. */
  readonly source: number;
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs × outputs], row-major. A masked layer holds exact zeros. */
  readonly weights: Float64Array;
  /** [outputs] */
  readonly bias: Float64Array;
  readonly activation: Activation;
  /** True if the weights are part of the structure, which training leaves as they are. */
  readonly isFixed?: true;
}

/** Activation: y = activation(v). */
export interface ActivationLayer {
  readonly type: 'activation';
  readonly source: number;
  readonly activation: Activation;
}

/** Residual connection: y = u + v, of two values of the same width. */
export interface SumLayer {
  readonly type: 'sum';
  readonly sources: readonly [number, number];
}

/** Activations that every executor supports. The derivative of each is a function of its output. */
export const activations = ['linear', 'relu', 'leakyRelu', 'tanh', 'sigmoid', 'elu'] as const;
export type Activation = (typeof activations)[number];

/** Slope of leakyRelu below 0. */
export const LEAKY_SLOPE = 0.01;

/** Indices of the values that a layer reads. */
export const sourcesOf = (layer: Layer): readonly number[] => (layer.type === 'sum' ? layer.sources : [layer.source]);

/** Widths of all values of a network. Value 0 is its input. */
export const valueWidths = (network: Network): readonly number[] => {
  const widths = [network.inputs];
  for (const layer of network.layers) {
    widths.push(layer.type === 'dense' ? layer.outputs : at(widths, at(sourcesOf(layer), 0)));
  }
  return widths;
};

/** Networks of a plan. */
export const networksOf = (plan: Plan): readonly Network[] =>
  plan.steps.flatMap((step) => (step.type === 'linear' ? [] : [step.network]));
