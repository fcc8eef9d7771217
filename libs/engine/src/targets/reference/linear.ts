import { at } from '@flowline/events';
import { addThrough, pick, put, read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import type { LinearStep } from '../../plan/plan.ts';

/** Applies a linear map to the state of a row, in place. */
export const applyLinear = (step: LinearStep, row: RowState): StepTrace => {
  const width = step.bias.length;
  const u = read(step.read, row);
  const observed = pick(step.read, row.observed);
  const column = (j: number): number =>
    u.reduce((sum, value, i) => sum + value * at(step.weights, i * width + j), at(step.bias, j));
  put(
    step.read,
    observed.map((here, j) => here * column(j)),
    row.state,
  );
  return {
    logDet: 0,
    reverse: (adjoint) => {
      const after = pick(step.read, adjoint).map((a, j) => a * at(observed, j));
      put(step.read, new Float64Array(width), adjoint);
      const atRead = u.map((_, i) => after.reduce((sum, a, j) => sum + a * at(step.weights, i * width + j), 0));
      addThrough(step.read, atRead, adjoint);
    },
  };
};
