import { outputsOf, runNetwork } from './network.ts';
import { addThrough, dot, pick, put, read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import { at } from '../../at.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { evaluator } from '../../formula/evaluate.ts';
import { input, one } from '../../formula/graph.ts';
import { radialFormula } from '../../formula/radial.ts';
import type { RadialStep } from '../../plan/plan.ts';

/** Applies a radial map to the state of a row, in place. */
export const applyRadial = (step: RadialStep, row: RowState): StepTrace => {
  const formula = radialFormula();
  const x = read(step.read, row);
  const observed = pick(step.read, row.observed);
  const parameters = outputsOf(step.network, runNetwork(step.network, row.context));
  const d = x.length;
  const offset = x.map((value, i) => (value - at(parameters, i)) * at(observed, i));
  const inputs = [dot(offset, offset), at(parameters, d), at(parameters, d + 1), observed.reduce((n, o) => n + o, 0)];
  const results = evaluator([formula.q, formula.logDet])(inputs);
  const [q, logDet] = [at(results, 0), at(results, 1)];
  put(
    step.read,
    x.map((value, i) => value + q * at(offset, i)),
    row.state,
  );
  return {
    logDet,
    reverse: (adjoint) => {
      const after = pick(step.read, adjoint);
      const seeds = [[formula.q, input(4)] as const, [formula.logDet, one] as const];
      const [atSquare = NaN] = evaluator(differentiate(seeds, [formula.square]))([...inputs, dot(after, offset)]);
      put(step.read, new Float64Array(d), adjoint);
      addThrough(
        step.read,
        after.map((a, i) => a + (a * q + 2 * at(offset, i) * atSquare) * at(observed, i)),
        adjoint,
      );
    },
  };
};
