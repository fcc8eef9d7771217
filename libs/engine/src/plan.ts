import { at } from './at.ts';

/**
 * A plan is a flow frozen for scoring: a short list of typed steps over a state of `features` numbers, with their weights.
 * It is the only thing that the reference interpreter and the emitters know. Lowering folds into it whatever costs nothing
 * at scoring time: permutations become indices, masks become weights, and affine maps (ActNorm, scaling) become constants
 * of their neighbours.
 *
 * The state starts as x (0 where a feature is not observed), each step changes it, and
 *
 *     z_d = scale_d · state_d + shift_d · o_d, and the latent is z in the order of `order`
 *     log p(x) = log base(z) + Σ_d o_d · logScale_d + Σ over the steps of their log|det|
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
  /** [d] log|scale| of every affine map that was folded anywhere, and of linear maps, per state dimension. */
  readonly logScale: Float64Array;
  /** [d] which state dimension each latent is. */
  readonly order: Int32Array;
  /** The density of z. */
  readonly base: Base;
}

/** One step of a plan. A new kind of step is a member here, and one file in the reference and in each emitter. */
export type Step = TransformStep | LinearStep | PlanarStep | RadialStep;

/** Dimensions of the state, each with the affine map that waits for its reader: u_i = scale_i·v_d + shift_i·o_d, d = dimensions_i. */
export interface Reading {
  readonly dimensions: Int32Array;
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/**
 * A coupling or an autoregressive map: v_b ← o_b·g(u_b; θ), log|det| = Σ o_b·log ∂g/∂u_b, with θ = network([squash(u_a) | squash(context)])
 * and squash(u) = clip·tanh(u / clip), or u where the clip is null. Everything is read before anything is written, so that a and b
 * may overlap; then the parameters of a dimension depend on no dimension that depends on it, and the Jacobian is triangular.
 */
export interface TransformStep {
  readonly type: 'transform';
  /** a: what the network reads, in its order. */
  readonly conditioning: Reading;
  /** b: what is transformed. */
  readonly transformed: Reading;
  readonly inputClip: number | null;
  readonly transformer: Transformer;
  /** From |a| + c inputs to p·|b| outputs: the first parameter of every dimension of b, then the second of each, and so on. */
  readonly network: Network;
}

/** v_b ← o_b·(u_b·W + bias): the log|det| is constant, and counted in the plan's logScale. */
export interface LinearStep {
  readonly type: 'linear';
  /** b, both read and written. */
  readonly read: Reading;
  /** [|b| × |b|], row-major: row i multiplies u_i. */
  readonly weights: Float64Array;
  /** [|b|] */
  readonly bias: Float64Array;
}

/**
 * v ← u + û·tanh(a), a = w·u + b, log|det| = log(tanh² a + slope·sech² a). With w and u′ the network's, 0 where a dimension is not
 * observed, ε = 10⁻¹², m = leastSlope and m′ = m + (1 − m)·softplus(w·u′): û = u′ + (m′ − 1 − w·u′)·w / (|w|² + ε), and
 * slope = 1 + w·û = (|w|²·m′ + ε·(1 + w·u′)) / (|w|² + ε).
 */
export interface PlanarStep {
  readonly type: 'planar';
  /** Every dimension. */
  readonly read: Reading;
  readonly leastSlope: number;
  /** From the c context columns to [w (d) | u′ (d) | b]; a constant where there is no context. */
  readonly network: Network;
}

/**
 * v ← u + q·(u − center)·o, q = (γ − α) / (α + r), r² = max(Σ o·(u − center)², 10⁻²⁴), α = softplus(alphaRaw), γ = softplus(betaRaw),
 * log|det| = (k − 1)·log((r + γ) / (α + r)) + log((r² + 2αr + αγ) / (α + r)²) with k the number of observed dimensions; 0 for k = 0.
 */
export interface RadialStep {
  readonly type: 'radial';
  /** Every dimension. */
  readonly read: Reading;
  /** From the c context columns to [center (d) | alphaRaw | betaRaw]; a constant where there is no context. */
  readonly network: Network;
}

/** An increasing map g(u; θ) of one number; formula/transformers.ts has the formulas. */
export type Transformer = AffineTransformer | RationalQuadraticTransformer | DeepSigmoidTransformer;

/** g = u·e^s + t, log ∂g/∂u = s = scale(r). Parameters: r, t. */
export interface AffineTransformer {
  readonly type: 'affine';
  readonly scale: ScaleFunction;
}

/**
 * A rational-quadratic spline of `bins` bins on [−bound, bound], the identity outside. Parameters: K raw widths, K raw heights, K − 1
 * raw slopes; each counts as c·tanh(r / c), c = parameterBound, or as it is where that is null.
 */
export interface RationalQuadraticTransformer {
  readonly type: 'rationalQuadratic';
  readonly bins: number;
  readonly bound: number;
  readonly parameterBound: number | null;
}

/**
 * g = logit Σ_k w_k·σ(e^{scale(a_k)}·u + b_k + offset_k), offsets evenly from −spread to spread, w the softmax of the logits.
 * Parameters: K of a, K of b, K logits.
 */
export interface DeepSigmoidTransformer {
  readonly type: 'deepSigmoid';
  readonly units: number;
  readonly scale: ScaleFunction;
  readonly spread: number;
}

/**
 * A log-scale s of a raw parameter r: `tanh` is bound·tanh(r / bound), `softsign` is r / (1 + |r| / bound), `none` is r, `sigmoid` is
 * log(σ(r + 2) + 10⁻³).
 */
export type ScaleFunction =
  | { readonly kind: 'tanh' | 'softsign'; readonly bound: number }
  | { readonly kind: 'none' | 'sigmoid'; readonly bound: null };

/** The density of z, over the state dimensions; only observed ones count. With y_d = (z_d − location_d)·e^{−logScale_d}: */
export type Base = NormalBase | StudentTBase | GaussianMixtureBase;

/** log p = −Σ (½y² + ½ log 2π + logScale). The standard normal has location and logScale 0. */
export interface NormalBase {
  readonly type: 'normal';
  /** [d] */
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** log p = Σ [log Γ((ν + 1)/2) − log Γ(ν/2) − ½ log νπ − logScale − (ν + 1)/2·log(1 + y²/ν)]. */
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

/** log p = log Σ_k w_k·Π_d N(z_d; location_kd, e^{logScale_kd}). */
export interface GaussianMixtureBase {
  readonly type: 'gaussianMixture';
  /** [K] log w; the weights add up to 1. */
  readonly logWeights: Float64Array;
  /** [K × d], row-major */
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** p, the number of parameters that a transformer takes for each dimension. */
export const parametersOf = (transformer: Transformer): number => {
  switch (transformer.type) {
    case 'affine':
      return 2;
    case 'rationalQuadratic':
      return 3 * transformer.bins - 1;
    case 'deepSigmoid':
      return 3 * transformer.units;
  }
};

/**
 * A feed-forward network in single assignment: value 0 is the input, and layer i computes value i + 1. The outputs are one
 * value, or several side by side; no layer reads them.
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

/** The networks of a plan. */
export const networksOf = (plan: Plan): readonly Network[] =>
  plan.steps.flatMap((step) => (step.type === 'linear' ? [] : [step.network]));
