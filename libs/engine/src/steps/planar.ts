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
  mul,
  multiplyAdd,
  neg,
  one,
  sigmoid,
  softplus,
  sub,
  tanh,
  zero,
} from '../formula/graph.ts';
import type { Node } from '../formula/graph.ts';

/** Added to |w|², so that w = 0 gives a shift instead of a division by zero. */
const LEAST_SQUARE = 1e-12;

/**
 * Planar map: v ← u + û·tanh(a), a = w·u + b, log|det| = log(tanh² a + slope·sech² a). The network
 * outputs [w (d) | u′ (d) | b]. w and u′ count as 0 where a dimension is not observed. With
 * ε = 10⁻¹², m = leastSlope and m′ = m + (1 − m)·softplus(w·u′):
 *
 * ```
 * û = u′ + (m′ − 1 − w·u′)·w / (|w|² + ε)
 * slope = 1 + w·û = (|w|²·m′ + ε·(1 + w·u′)) / (|w|² + ε)
 * ```
 */
export interface PlanarOptions {
  readonly type: 'planar';
  /** m: least slope along w, from 0 to below 1. */
  readonly leastSlope: number;
}

/** Map of {@link PlanarOptions}. */
export const planarMap = ({ leastSlope }: PlanarOptions): ContextualMap => {
  const formula = planarFormula(leastSlope);
  return {
    key: `Planar ${leastSlope}`,
    parts: ['vector', 'vector', 'scalar'],
    requires: { options: 'a least slope from 0 to 1', met: leastSlope >= 0 && leastSlope < 1 },
    forward: (ops) => {
      const { w, u, inputs } = measure(ops);
      const results = ops.formulas([formula.correction, formula.tanh, formula.logDet], inputs);
      const uHat = ops.multiplyAdd(ops.each(at(results, 0)), w, u);
      ops.write(ops.multiplyAdd(uHat, ops.each(at(results, 1)), ops.u));
      ops.addLogDet(at(results, 2));
    },
    reverse: (ops) => {
      const { w, u, inputs } = measure(ops);
      const correction = at(ops.formulas([formula.correction], inputs), 0);
      const along = ops.dot(ops.adjoint, ops.multiplyAdd(ops.each(correction), w, u));
      const seeds = [[formula.tanh, input(inputs.length)] as const, [formula.logDet, one] as const];
      const atA = at(ops.formulas(differentiate(seeds, [formula.a]), [...inputs, along]), 0);
      ops.writeAdjoint(ops.multiplyAdd(w, ops.each(atA), ops.adjoint));
    },
    pullBack: (ops) => {
      const { w, u, inputs } = measure(ops);
      const along = [ops.dot(ops.adjoint, u), ops.dot(ops.adjoint, w)];
      const results = ops.formulas(pullBackOf(formula), [...inputs, ...along, ops.scoreAdjoint]);
      const factor = (i: number) => ops.each(at(results, i));
      const atA = at(results, 4);
      const throughU = ops.multiplyAdd(u, factor(2), ops.mul(ops.u, ops.each(atA)));
      const throughW = ops.multiplyAdd(w, factor(3), throughU);
      ops.writeVector(0, ops.observed(ops.multiplyAdd(ops.adjoint, factor(1), throughW)));
      ops.writeVector(1, ops.observed(ops.multiplyAdd(ops.adjoint, factor(0), ops.mul(w, factor(2)))));
      ops.writeScalar(2, atA);
      ops.writeAdjoint(ops.multiplyAdd(w, ops.each(atA), ops.adjoint));
    },
  };
};

/**
 * Factors of the pull-back: tanh, correction·tanh, ∂L/∂(w·u′), 2·∂L/∂|w|² and ∂L/∂a. Inputs: those
 * of the formula, then g·u′ and g·w with g = ∂L/∂v, and ∂L/∂ log|det|. With them
 *
 * ```
 * ∂L/∂w = o·(∂L/∂a·u + ∂L/∂(w·u′)·u′ + 2·∂L/∂|w|²·w + correction·tanh·g)
 * ∂L/∂u′ = o·(tanh·g + ∂L/∂(w·u′)·w), ∂L/∂b = ∂L/∂a, ∂L/∂u = g + ∂L/∂a·w
 * ```
 */
const pullBackOf = ({ wu, square, a, correction, tanh: curve, logDet }: PlanarFormula): readonly Node[] => {
  const [alongU, alongW, scoreAdjoint] = [input(3), input(4), input(5)];
  const seeds = [
    [correction, mul(alongW, curve)],
    [curve, multiplyAdd(correction, alongW, alongU)],
    [logDet, scoreAdjoint],
  ] as const;
  const [atWu = zero, atSquare = zero, atA = zero] = differentiate(seeds, [wu, square, a]);
  return [curve, mul(correction, curve), atWu, mul(atSquare, constant(2)), atA];
};

/** w and u′, 0 where not observed, and the inputs of the formula. */
const measure = <V, S>(ops: VectorOps<V, S>): { w: V; u: V; inputs: readonly S[] } => {
  const [w, u] = [ops.observed(ops.vector(0)), ops.observed(ops.vector(1))];
  const a = ops.addScalars(ops.dot(w, ops.u), ops.scalar(2));
  return { w, u, inputs: [ops.dot(w, u), ops.dot(w, w), a] };
};

/**
 * Scalar part of a planar step: û = u′ + correction·w, v = u + û·tanh, and the log|det|. Inputs:
 * w·u′, |w|², a = w·u + b.
 */
interface PlanarFormula {
  readonly wu: Node;
  readonly square: Node;
  readonly a: Node;
  readonly correction: Node;
  readonly tanh: Node;
  readonly logDet: Node;
}

const planarFormula = (leastSlope: number): PlanarFormula => {
  const [wu, square, a] = [input(0), input(1), input(2)];
  const wanted = multiplyAdd(softplus(wu), constant(1 - leastSlope), constant(leastSlope));
  const wuPlusOne = add(wu, constant(1));
  const shrink = div(constant(1), add(square, constant(LEAST_SQUARE)));
  // 1 + w·û in a form that cannot cancel: `wanted`, but 1 + w·u′ where w vanishes.
  const slope = multiplyAdd(mul(square, shrink), wanted, mul(mul(constant(LEAST_SQUARE), shrink), wuPlusOne));
  const curve = tanh(a);
  const doubled = mul(a, constant(2));
  const sechSquare = mul(mul(sigmoid(doubled), sigmoid(neg(doubled))), constant(4));
  return {
    wu,
    square,
    a,
    correction: mul(sub(wanted, wuPlusOne), shrink),
    tanh: curve,
    logDet: log(multiplyAdd(slope, sechSquare, mul(curve, curve))),
  };
};
