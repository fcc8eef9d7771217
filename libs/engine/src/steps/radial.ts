import { at } from '@flowline/events';
import type { ContextualMap } from './contextual-map.ts';
import type { VectorOps } from './vector-ops.ts';
import { differentiate } from '../formula/differentiate.ts';
import {
  add,
  constant,
  div,
  input,
  log,
  max,
  min,
  mul,
  multiplyAdd,
  neg,
  one,
  softplus,
  sqrt,
  sub,
  zero,
} from '../formula/graph.ts';
import type { Node } from '../formula/graph.ts';

/** Minimum squared radius: at the centre itself the radius has no derivative. */
const LEAST_SQUARE = 1e-24;

/**
 * Radial map: v ← u + q·(u − center)·o. The network outputs [center (d) | alphaRaw | betaRaw], and
 *
 * ```
 * α = softplus(alphaRaw), γ = softplus(betaRaw), k = number of observed dimensions
 * r² = max(Σ o·(u − center)², 10⁻²⁴), q = (γ − α) / (α + r)
 * log|det| = (k − 1)·log((r + γ) / (α + r)) + log((r² + 2αr + αγ) / (α + r)²); 0 for k = 0
 * ```
 */
export interface RadialOptions {
  readonly type: 'radial';
}

/** Map of {@link RadialOptions}. */
export const radialMap = (): ContextualMap => {
  const formula = radialFormula();
  return {
    key: 'Radial',
    parts: ['vector', 'scalar', 'scalar'],
    forward: (ops) => {
      const { offset, inputs } = measure(ops);
      const results = ops.formulas([formula.q, formula.logDet], inputs);
      ops.write(ops.multiplyAdd(ops.each(at(results, 0)), offset, ops.u));
      ops.addLogDet(at(results, 1));
    },
    reverse: (ops) => {
      const { offset, inputs } = measure(ops);
      const along = ops.dot(ops.adjoint, offset);
      const seeds = [[formula.q, input(inputs.length)] as const, [formula.logDet, one] as const];
      const atSquare = at(differentiate(seeds, [formula.square]), 0);
      const results = ops.formulas([formula.q, mul(atSquare, constant(2))], [...inputs, along]);
      const [q, twice] = [ops.each(at(results, 0)), ops.each(at(results, 1))];
      const after = ops.kept(ops.adjoint);
      ops.writeAdjoint(ops.add(after, ops.observed(ops.multiplyAdd(offset, twice, ops.mul(after, q)))));
    },
    pullBack: (ops) => {
      const { offset, inputs } = measure(ops);
      const along = ops.dot(ops.adjoint, offset);
      const results = ops.formulas(pullBackOf(formula), [...inputs, along, ops.scoreAdjoint]);
      const factor = (i: number) => ops.each(at(results, i));
      ops.writeVector(0, ops.observed(ops.multiplyAdd(offset, factor(3), ops.mul(ops.adjoint, factor(2)))));
      ops.writeScalar(1, at(results, 4));
      ops.writeScalar(2, at(results, 5));
      const after = ops.kept(ops.adjoint);
      const throughOffset = ops.observed(ops.multiplyAdd(offset, factor(1), ops.mul(after, factor(0))));
      ops.writeAdjoint(ops.add(after, throughOffset));
    },
  };
};

/**
 * Factors of the pull-back: q, 2·∂L/∂r², the negatives of both, ∂L/∂alphaRaw and ∂L/∂betaRaw.
 * Inputs: those of the formula, then g·offset with g = ∂L/∂v and offset = o·(u − center), and
 * ∂L/∂ log|det|. With them
 *
 * ```
 * ∂L/∂offset = o·(q·g + 2·∂L/∂r²·offset), ∂L/∂center = −∂L/∂offset, ∂L/∂u = g + ∂L/∂offset
 * ```
 */
const pullBackOf = ({ square, alphaRaw, betaRaw, q, logDet }: RadialFormula): readonly Node[] => {
  const [along, scoreAdjoint] = [input(4), input(5)];
  const seeds = [[q, along] as const, [logDet, scoreAdjoint] as const];
  const [atSquare = zero, atAlpha = zero, atBeta = zero] = differentiate(seeds, [square, alphaRaw, betaRaw]);
  const twice = mul(atSquare, constant(2));
  return [q, twice, neg(q), neg(twice), atAlpha, atBeta];
};

/** u − center, 0 where not observed, and the inputs of the formula. */
const measure = <V, S>(ops: VectorOps<V, S>): { offset: V; inputs: readonly S[] } => {
  const offset = ops.observed(ops.sub(ops.u, ops.vector(0)));
  const once = ops.kept(offset);
  return { offset, inputs: [ops.dot(once, once), ops.scalar(1), ops.scalar(2), ops.countObserved()] };
};

/**
 * Scalar part of a radial step: v = u + q·(u − center), and the log|det|. Inputs: |u − center|²,
 * alphaRaw, betaRaw, k.
 */
interface RadialFormula {
  readonly square: Node;
  readonly alphaRaw: Node;
  readonly betaRaw: Node;
  readonly q: Node;
  readonly logDet: Node;
}

const radialFormula = (): RadialFormula => {
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
  return { square, alphaRaw, betaRaw, q: mul(sub(gamma, alpha), h), logDet: mul(total, min(dimensions, one)) };
};
