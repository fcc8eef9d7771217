import { outputsOf, reverseNetwork, runNetwork } from './network.ts';
import { forwardOps, trainingOps } from './ops.ts';
import { read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import type { ContextualStep } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';

/** Applies a map whose parameters depend only on the context to the state of a row, in place. */
export const applyContextual = (step: ContextualStep, row: RowState): StepTrace => {
  const map = contextualMap(step);
  const values = runNetwork(step.network, row.context);
  const parameters = outputsOf(step.network, values);
  const widths = partWidths(map, row.state.length);
  const parts = split(parameters, widths);
  const u = read(step.read, row);
  const ops = forwardOps(step.read, row, parts, u);
  map.forward(ops);
  return {
    logDet: ops.logDet,
    reverse: (adjoint, scoreAdjoint, into) => {
      const atParameters = new Float64Array(parameters.length);
      const atParts = split(atParameters, widths);
      map.pullBack(trainingOps(step.read, row, parts, u, { adjoint, scoreAdjoint, atParts }));
      if (into !== null) reverseNetwork(step.network, values, atParameters, into);
    },
  };
};

/** Views of the parts of some widths, which lie side by side. */
const split = (values: Float64Array, widths: readonly number[]): readonly Float64Array[] => {
  let next = 0;
  return widths.map((width) => values.subarray(next, (next += width)));
};
