import { add, constant, div, input, log, mul, multiplyAdd, neg, sigmoid, softplus, sub, tanh } from './graph.ts';
import type { Node } from './graph.ts';

/** Added to |w|², so that w = 0 gives a shift instead of a division by zero. */
const LEAST_SQUARE = 1e-12;

/**
 * Scalar part of a planar step: û = u + correction·w, v = x + û·tanh, and the log|det|. Inputs:
 * w·u, |w|², a = w·x + b.
 */
export interface PlanarFormula {
  readonly a: Node;
  readonly correction: Node;
  readonly tanh: Node;
  readonly logDet: Node;
}

/** Formulas of a planar step, explained in plan.ts. */
export const planarFormula = (leastSlope: number): PlanarFormula => {
  const [wu, square, a] = [input(0), input(1), input(2)];
  const wanted = multiplyAdd(softplus(wu), constant(1 - leastSlope), constant(leastSlope));
  const wuPlusOne = add(wu, constant(1));
  const shrink = div(constant(1), add(square, constant(LEAST_SQUARE)));
  // 1 + w·û in a form that cannot cancel: `wanted`, but 1 + w·u where w vanishes.
  const slope = multiplyAdd(mul(square, shrink), wanted, mul(mul(constant(LEAST_SQUARE), shrink), wuPlusOne));
  const curve = tanh(a);
  const doubled = mul(a, constant(2));
  const sechSquare = mul(mul(sigmoid(doubled), sigmoid(neg(doubled))), constant(4));
  return {
    a,
    correction: mul(sub(wanted, wuPlusOne), shrink),
    tanh: curve,
    logDet: log(multiplyAdd(slope, sechSquare, mul(curve, curve))),
  };
};
