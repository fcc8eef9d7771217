import { outputsOf, runNetwork } from './network.ts';
import { addThrough, dot, pick, put, read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import { at } from '../../at.ts';
import { differentiate } from '../../formula/differentiate.ts';
import { evaluator } from '../../formula/evaluate.ts';
import { input, one } from '../../formula/graph.ts';
import { planarFormula } from '../../formula/planar.ts';
import type { PlanarStep } from '../../plan/plan.ts';

/** Applies a planar map to the state of a row, in place. */
export const applyPlanar = (step: PlanarStep, row: RowState): StepTrace => {
  const formula = planarFormula(step.leastSlope);
  const x = read(step.read, row);
  const observed = pick(step.read, row.observed);
  const parameters = outputsOf(step.network, runNetwork(step.network, row.context));
  const d = x.length;
  const w = parameters.slice(0, d).map((value, i) => value * at(observed, i));
  const u = parameters.slice(d, 2 * d).map((value, i) => value * at(observed, i));
  const inputs = [dot(w, u), dot(w, w), dot(w, x) + at(parameters, 2 * d)];
  const results = evaluator([formula.correction, formula.tanh, formula.logDet])(inputs);
  const [correction, tanh, logDet] = [at(results, 0), at(results, 1), at(results, 2)];
  const uHat = u.map((value, i) => value + correction * at(w, i));
  put(
    step.read,
    x.map((value, i) => value + at(uHat, i) * tanh),
    row.state,
  );
  return {
    logDet,
    reverse: (adjoint) => {
      const after = pick(step.read, adjoint);
      const seeds = [[formula.tanh, input(3)] as const, [formula.logDet, one] as const];
      const [atA = NaN] = evaluator(differentiate(seeds, [formula.a]))([...inputs, dot(after, uHat)]);
      put(step.read, new Float64Array(d), adjoint);
      addThrough(
        step.read,
        after.map((a, i) => a + at(w, i) * atA),
        adjoint,
      );
    },
  };
};
