import { at } from '@flowline/events';
import {
  add,
  constant,
  div,
  exp,
  ifLess,
  input,
  log,
  logSumExp,
  max,
  min,
  mul,
  multiplyAdd,
  neg,
  one,
  sigmoid,
  softplus,
  squash,
  sub,
  sum,
  zero,
  abs,
} from './graph.ts';
import type { Node } from './graph.ts';
import { parametersOf } from '../plan/plan.ts';
import type {
  DeepSigmoidTransformer,
  PixelLogitTransformer,
  RationalQuadraticTransformer,
  ScaleFunction,
  Transformer,
} from '../plan/plan.ts';

/**
 * Transformer as formulas: g(u; θ) and log ∂g/∂u. Input 0 is u, and the others are the parameters θ
 * in order.
 */
export interface TransformerFormula {
  readonly u: Node;
  readonly parameters: readonly Node[];
  readonly result: Node;
  readonly logSlope: Node;
}

/** Formulas of a transformer. */
export const transformerFormula = (transformer: Transformer): TransformerFormula => {
  const u = input(0);
  const parameters = Array.from({ length: parametersOf(transformer) }, (_, i) => input(i + 1));
  return { u, parameters, ...formulasOf(transformer, u, parameters) };
};

interface Mapped {
  readonly result: Node;
  readonly logSlope: Node;
}

const formulasOf = (transformer: Transformer, u: Node, parameters: readonly Node[]): Mapped => {
  switch (transformer.type) {
    case 'affine': {
      const [r = zero, t = zero] = parameters;
      const s = logScale(transformer.scale, r);
      return { result: multiplyAdd(u, exp(s), t), logSlope: s };
    }
    case 'rationalQuadratic':
      return rationalQuadratic(transformer, u, parameters);
    case 'deepSigmoid':
      return deepSigmoid(transformer, u, parameters);
    case 'pixelLogit':
      return pixelLogit(transformer, u);
  }
};

/** Glow's scale: σ(r + 2) + 10⁻³. */
const SIGMOID_OFFSET = 2;
const LEAST_SIGMOID = 1e-3;
/** Minimum of LuLinear's diagonal: softplus(r) + 10⁻³. */
const LEAST_SOFTPLUS = 1e-3;

/** Log-scale s of a raw parameter r. */
const logScale = (scale: ScaleFunction, r: Node): Node => {
  switch (scale.kind) {
    case 'none':
      return r;
    case 'tanh':
      return squash(scale.bound, r);
    case 'softsign':
      return div(r, multiplyAdd(abs(r), constant(1 / scale.bound), one));
    case 'sigmoid':
      return log(add(sigmoid(add(r, constant(SIGMOID_OFFSET))), constant(LEAST_SIGMOID)));
    case 'softplus':
      return log(add(softplus(r), constant(LEAST_SOFTPLUS)));
  }
};

/** Minimum share of the interval per bin, in u and in g, and minimum slope at a knot. */
const LEAST_SHARE = 1e-3;
const LEAST_SLOPE = 1e-3;
/** Added to a raw slope so that 0 gives slope 1, which is also the slope of the outer knots. */
const SLOPE_OFFSET = Math.log(Math.expm1(1 - LEAST_SLOPE));

/**
 * Durkan et al., “Neural spline flows” (2019). In the bin of u, with ξ the share of its width left
 * of u, s its mean slope and δ₀, δ₁ the slopes at its knots:
 *
 * ```
 * g = y₀ + h·(s·ξ² + δ₀·ξ(1 − ξ)) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ))
 * ∂g/∂u = s²·(δ₁ξ² + 2sξ(1 − ξ) + δ₀(1 − ξ)²) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ))²
 * ```
 */
const rationalQuadratic = (
  { bins, bound, parameterBound }: RationalQuadraticTransformer,
  u: Node,
  parameters: readonly Node[],
): Mapped => {
  const inside = max(min(u, constant(bound)), constant(-bound));
  const lengths = (raw: readonly Node[]): readonly Node[] => {
    const logits = raw.map((r) => squash(parameterBound, r));
    const exps = parameterBound === null ? shifted(logits).map(exp) : logits.map(exp);
    const factor = div(constant(2 * bound * (1 - bins * LEAST_SHARE)), sum(exps));
    return exps.map((e) => multiplyAdd(e, factor, constant(2 * bound * LEAST_SHARE)));
  };
  const widths = lengths(parameters.slice(0, bins));
  const heights = lengths(parameters.slice(bins, 2 * bins));
  const rawSlopes = [zero, ...parameters.slice(2 * bins), zero];
  // Start with the values of the first bin. At each knot that is not right of u, switch to those of
  // the next bin.
  let x: Node = constant(-bound);
  let y: Node = constant(-bound);
  let [width, height] = [at(widths, 0), at(heights, 0)];
  let [left, right] = [at(rawSlopes, 0), at(rawSlopes, 1)];
  let [knot, level] = [x, y];
  for (let bin = 1; bin < bins; bin++) {
    knot = add(knot, at(widths, bin - 1));
    level = add(level, at(heights, bin - 1));
    const chosen = (next: Node, before: Node): Node => ifLess(inside, knot, before, next);
    [x, y] = [chosen(knot, x), chosen(level, y)];
    [width, height] = [chosen(at(widths, bin), width), chosen(at(heights, bin), height)];
    [left, right] = [chosen(at(rawSlopes, bin), left), chosen(at(rawSlopes, bin + 1), right)];
  }
  const slope = (raw: Node): Node =>
    add(softplus(add(squash(parameterBound, raw), constant(SLOPE_OFFSET))), constant(LEAST_SLOPE));
  const [atLeft, atRight] = [slope(left), slope(right)];
  const mean = div(height, width);
  const share = div(sub(inside, x), width);
  const rest = sub(one, share);
  const mixed = mul(share, rest);
  const denominator = multiplyAdd(sub(add(atLeft, atRight), mul(mean, constant(2))), mixed, mean);
  const rise = multiplyAdd(mean, mul(share, share), mul(atLeft, mixed));
  const ends = multiplyAdd(atRight, mul(share, share), mul(atLeft, mul(rest, rest)));
  const numerator = multiplyAdd(mul(mean, mixed), constant(2), ends);
  const ratio = div(mean, denominator);
  const logSlope = log(mul(numerator, mul(ratio, ratio)));
  const isOutside = (outside: Node, within: Node): Node => ifLess(constant(bound), abs(u), outside, within);
  return {
    result: isOutside(u, add(y, mul(height, div(rise, denominator)))),
    logSlope: isOutside(zero, logSlope),
  };
};

/** Dinh et al., “Density estimation using Real NVP” (2017), with tangents beyond the interval. */
const pixelLogit = ({ values, margin }: PixelLogitTransformer, u: Node): Mapped => {
  const share = mul(add(u, constant(0.5)), constant(1 / values));
  const inside = min(max(share, zero), one);
  const p = multiplyAdd(inside, constant(1 - 2 * margin), constant(margin));
  const [logP, logRest] = [log(p), log(sub(one, p))];
  const tangent = constant((1 - 2 * margin) / (margin * (1 - margin)));
  return {
    result: multiplyAdd(sub(share, inside), tangent, sub(logP, logRest)),
    logSlope: sub(constant(Math.log((1 - 2 * margin) / values)), add(logP, logRest)),
  };
};

const shifted = (logits: readonly Node[]): readonly Node[] => {
  const largest = logits.reduce(max);
  return logits.map((logit) => sub(logit, largest));
};

/**
 * Huang et al., “Neural autoregressive flows” (2018), in log space. With v_k = e^{s_k}·u + b_k,
 * L₁ = log Σ w·σ(v) and L₀ = log Σ w·σ(−v): g = L₁ − L₀,
 * log ∂g/∂u = log Σ w·e^s·σ(v)·σ(−v) − L₁ − L₀.
 */
const deepSigmoid = (
  { units, scale, spread }: DeepSigmoidTransformer,
  u: Node,
  parameters: readonly Node[],
): Mapped => {
  const part = (i: number): readonly Node[] => parameters.slice(i * units, (i + 1) * units);
  const logSlopes = part(0).map((r) => logScale(scale, r));
  const offset = (k: number): number => (units > 1 ? (2 * spread * k) / (units - 1) - spread : 0);
  const offsets = part(1).map((b, k) => add(b, constant(offset(k))));
  const logits = part(2);
  const normalizer = logSumExp(logits);
  const terms = logits.map((logit, k) => {
    const v = multiplyAdd(exp(at(logSlopes, k)), u, at(offsets, k));
    const logWeight = sub(logit, normalizer);
    const [above, below] = [softplus(v), softplus(neg(v))]; // −log σ(−v), −log σ(v)
    return {
      lower: sub(logWeight, below),
      upper: sub(logWeight, above),
      density: add(sub(logWeight, add(above, below)), at(logSlopes, k)),
    };
  });
  const lower = logSumExp(terms.map((term) => term.lower));
  const upper = logSumExp(terms.map((term) => term.upper));
  const density = logSumExp(terms.map((term) => term.density));
  return { result: sub(lower, upper), logSlope: sub(density, add(lower, upper)) };
};
