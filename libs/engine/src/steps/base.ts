import { at } from '@flowline/events';
import { differentiate } from '../formula/differentiate.ts';
import { abs, add, constant, div, input, log, max, mul, multiplyAdd, neg, one } from '../formula/graph.ts';
import type { Node } from '../formula/graph.ts';
import type { Base, Plan, Reading } from '../plan/plan.ts';

/**
 * Component of a base as targets compute it, with f from {@link baseFormula}:
 *
 * ```
 * log p_k(z) = logWeight + Σ_d o_d·(constant_d + f(y_d)), y_d = (z_d − location_d)·shrink_d
 * ```
 */
export interface BaseComponent {
  readonly logWeight: number;
  /** [d] */
  readonly location: Float64Array;
  /** [d] e^{−logScale} */
  readonly shrink: Float64Array;
  /** [d] normalizer − logScale, plus the logScale of the plan. */
  readonly constants: Float64Array;
}

/** Components of the base as a mixture. Any base but a Gaussian mixture has exactly one. */
export const baseComponents = ({ base, logScale, features }: Plan): readonly BaseComponent[] => {
  const weights = base.type === 'gaussianMixture' ? base.logWeights : Float64Array.of(0);
  const normalizer = base.type === 'studentT' ? base.logNormalizer : -0.5 * Math.log(2 * Math.PI);
  return Array.from(weights, (logWeight, k) => {
    const own = (values: Float64Array): Float64Array => values.subarray(k * features, (k + 1) * features);
    return {
      logWeight,
      location: own(base.location),
      shrink: own(base.logScale).map((value) => Math.exp(-value)),
      constants: own(base.logScale).map((value, d) => at(logScale, d) + normalizer - value),
    };
  });
};

/** logWeight and the constants of the dimensions that are always observed. */
export const knownConstant = ({ presence }: Plan, { logWeight, constants }: BaseComponent): number =>
  constants.reduce((sum, value, d) => (presence[d] === null ? sum + value : sum), logWeight);

/** Reading of the state that gives y of a component, with the plan's last affine map. */
export const componentReading = (plan: Plan, { location, shrink }: BaseComponent): Reading => ({
  dimensions: Int32Array.from(plan.order).sort(),
  scale: plan.scale.map((scale, d) => scale * at(shrink, d)),
  shift: plan.shift.map((shift, d) => (shift - at(location, d)) * at(shrink, d)),
});

/** Formula f of one dimension, without constants. */
export interface BaseFormula {
  readonly y: Node;
  readonly logDensity: Node;
  /** Name that determines the formula: `StudentT 5`. */
  readonly key: string;
}

/** Formula of a base: −½y² of the normal ones, −(ν + 1)/2·log(1 + y²/ν) of Student's t. */
export const baseFormula = (base: Base): BaseFormula => {
  const y = input(0);
  if (base.type !== 'studentT') return { y, logDensity: mul(mul(y, y), constant(-0.5)), key: 'Normal' };
  const { degreesOfFreedom } = base;
  return { y, logDensity: studentT(y, degreesOfFreedom), key: `StudentT ${degreesOfFreedom}` };
};

/**
 * Formulas of one dimension of a component in training. Inputs: y, shrink = e^{−logScale}, and s,
 * which is ∂L/∂ log p of the row times the component's share of its density.
 */
export interface BaseTrainingFormulas {
  /** f(y) */
  readonly logDensity: Node;
  /** Derivatives of s·(f(y) − logScale) with respect to z, the location and logScale. */
  readonly reverse: readonly [atZ: Node, atLocation: Node, atLogScale: Node];
}

/**
 * Formulas of {@link BaseTrainingFormulas}. A logit k of a mixture has the derivative
 * s·(share_k − w_k), with s = ∂L/∂ log p and w the softmax of the logits.
 */
export const baseTrainingFormulas = (base: Base): BaseTrainingFormulas => {
  const { y, logDensity } = baseFormula(base);
  const [shrink, s] = [input(1), input(2)];
  const atY = mul(at(differentiate([[logDensity, one]], [y]), 0), s);
  const atZ = mul(atY, shrink);
  return { logDensity, reverse: [atZ, neg(atZ), neg(multiplyAdd(atY, y, s))] };
};

/** No square overflows. */
const studentT = (y: Node, degreesOfFreedom: number): Node => {
  const t = abs(mul(y, constant(1 / Math.sqrt(degreesOfFreedom))));
  const size = max(t, one);
  const [rest, share] = [div(one, size), div(t, size)];
  const logSum = add(mul(log(size), constant(2)), log(add(mul(rest, rest), mul(share, share))));
  return mul(logSum, constant(-(degreesOfFreedom + 1) / 2));
};
