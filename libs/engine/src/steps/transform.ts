import { differentiate } from '../formula/differentiate.ts';
import { input, one } from '../formula/graph.ts';
import type { Node } from '../formula/graph.ts';
import { transformerFormula } from '../formula/transformers.ts';
import type { Transformer } from '../plan/plan.ts';

/** Formulas of one dimension of a transform step. Input 0 is u, the next p are its parameters. */
export interface TransformFormulas {
  /** p: number of parameters. */
  readonly parameters: number;
  /** [g(u; θ), log ∂g/∂u] */
  readonly forward: readonly Node[];
  /**
   * Derivatives of a·g + log ∂g/∂u with respect to u, then to each parameter, with a = ∂ log p / ∂v
   * as the last input.
   */
  readonly reverse: readonly Node[];
  /**
   * Derivatives of a·g + s·log ∂g/∂u with respect to u, then to each parameter, with a = ∂L/∂v and
   * s = ∂L/∂ log p of the row as the last two inputs.
   */
  readonly training: readonly Node[];
}

/** Formulas of a transformer, forward and reverse. */
export const transformFormulas = (transformer: Transformer): TransformFormulas => {
  const { u, parameters, result, logSlope } = transformerFormula(transformer);
  const adjoint = input(1 + parameters.length);
  const derivatives = (scoreAdjoint: Node): readonly Node[] =>
    differentiate(
      [
        [result, adjoint],
        [logSlope, scoreAdjoint],
      ],
      [u, ...parameters],
    );
  return {
    parameters: parameters.length,
    forward: [result, logSlope],
    get reverse() {
      return derivatives(one);
    },
    get training() {
      return derivatives(input(2 + parameters.length));
    },
  };
};
