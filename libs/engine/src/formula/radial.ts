import { add, constant, div, input, log, max, min, mul, multiplyAdd, one, softplus, sqrt, sub } from './graph.ts';
import type { Node } from './graph.ts';

/** Minimum squared radius: at the centre itself the radius has no derivative. */
const LEAST_SQUARE = 1e-24;

/**
 * Scalar part of a radial step: v = x + q·(x − center), and the log|det|. Inputs: |x − center|²,
 * alphaRaw, betaRaw, k.
 */
export interface RadialFormula {
  readonly square: Node;
  readonly q: Node;
  readonly logDet: Node;
}

/** Formulas of a radial step, explained in plan.ts. */
export const radialFormula = (): RadialFormula => {
  const [square, alphaRaw, betaRaw, dimensions] = [input(0), input(1), input(2), input(3)];
  const radius = sqrt(max(square, constant(LEAST_SQUARE)));
  const [alpha, gamma] = [softplus(alphaRaw), softplus(betaRaw)];
  const h = div(one, add(alpha, radius));
  const share = mul(alpha, h);
  // (r² + 2αr + αγ)·h² without squares that overflow.
  const slope = multiplyAdd(mul(radius, h), add(one, share), mul(share, mul(gamma, h)));
  const tangential = log(mul(add(radius, gamma), h));
  const total = multiplyAdd(sub(dimensions, one), tangential, log(slope));
  // If nothing is observed, there is no radius to change.
  return { square, q: mul(sub(gamma, alpha), h), logDet: mul(total, min(dimensions, one)) };
};
