import { abs, add, constant, div, input, log, max, mul, one } from './graph.ts';
import type { Node } from './graph.ts';

/**
 * −(ν + 1)/2·log(1 + y²/ν), Student's t log-density without its constants, of input 0. No square
 * overflows.
 */
export const studentTFormula = (degreesOfFreedom: number): { readonly y: Node; readonly logDensity: Node } => {
  const y = input(0);
  const t = abs(mul(y, constant(1 / Math.sqrt(degreesOfFreedom))));
  const size = max(t, one);
  const [rest, share] = [div(one, size), div(t, size)];
  const logSum = add(mul(log(size), constant(2)), log(add(mul(rest, rest), mul(share, share))));
  return { y, logDensity: mul(logSum, constant(-(degreesOfFreedom + 1) / 2)) };
};
