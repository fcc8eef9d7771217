import { at } from '@flowline/events';
import { squash, squashSlope } from './activation.ts';
import { outputsOf, reverseNetwork, runNetwork } from './network.ts';
import { addThrough, pick, put, read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import { evaluator } from '../../formula/evaluate.ts';
import type { Evaluator } from '../../formula/evaluate.ts';
import type { TransformStep, Transformer } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

interface TransformerProgram {
  /** (u, θ) → g, log ∂g/∂u */
  readonly forward: Evaluator;
  /** (u, θ, a, s) → derivatives of a·g + s·log ∂g/∂u with respect to u and each θ */
  readonly reverse: Evaluator;
}

const programs = new WeakMap<Transformer, TransformerProgram>();

/** Formulas of a transformer, ready to be evaluated. */
export const programOf = (transformer: Transformer): TransformerProgram => {
  const known = programs.get(transformer);
  if (known !== undefined) return known;
  const { forward, training } = transformFormulas(transformer);
  const program = { forward: evaluator(forward), reverse: evaluator(training) };
  programs.set(transformer, program);
  return program;
};

/** Applies a coupling or an autoregressive map to the state of a row, in place. */
export const applyTransform = (step: TransformStep, row: RowState): StepTrace => {
  const { conditioning, transformed, inputClip, network } = step;
  const { forward, reverse } = programOf(step.transformer);
  const seen = read(conditioning, row).map((u) => squash(inputClip, u));
  const values = runNetwork(network, Float64Array.from([...seen, ...row.context.map((c) => squash(inputClip, c))]));
  const parameters = outputsOf(network, values);
  const observed = pick(transformed, row.observed);
  const before = read(transformed, row);
  const width = before.length;
  const inputsAt = (i: number): number[] => {
    const own = Array.from({ length: parameters.length / width }, (_, k) => at(parameters, k * width + i));
    return [at(before, i), ...own];
  };
  const mapped = Array.from(before, (_, i) => forward(inputsAt(i)));
  put(
    transformed,
    mapped.map((pair, i) => at(pair, 0) * at(observed, i)),
    row.state,
  );
  return {
    logDet: mapped.reduce((sum, pair, i) => sum + at(pair, 1) * at(observed, i), 0),
    reverse: (adjoint, scoreAdjoint, into) => {
      const after = pick(transformed, adjoint);
      const atBefore = new Float64Array(width);
      const atParameters = new Float64Array(parameters.length);
      observed.forEach((here, i) => {
        if (here === 0) return;
        const derivatives = reverse([...inputsAt(i), at(after, i), scoreAdjoint]);
        atBefore[i] = at(derivatives, 0);
        for (let k = 1; k < derivatives.length; k++) atParameters[(k - 1) * width + i] = at(derivatives, k);
      });
      put(transformed, new Float64Array(width), adjoint);
      addThrough(transformed, atBefore, adjoint);
      const atInput = reverseNetwork(network, values, atParameters, into);
      addThrough(
        conditioning,
        seen.map((y, i) => at(atInput, i) * squashSlope(inputClip, y)),
        adjoint,
      );
    },
  };
};
