import { outputsOf, runNetwork } from './network.ts';
import { rowOps } from './ops.ts';
import { read } from './step.ts';
import type { RowState, StepTrace } from './step.ts';
import type { ContextualStep } from '../../plan/plan.ts';
import { partWidths } from '../../steps/contextual-map.ts';
import { contextualMap } from '../../steps/contextual.ts';

/** Applies a map whose parameters depend only on the context to the state of a row, in place. */
export const applyContextual = (step: ContextualStep, row: RowState): StepTrace => {
  const map = contextualMap(step);
  const parameters = outputsOf(step.network, runNetwork(step.network, row.context));
  let next = 0;
  const parts = partWidths(map, row.state.length).map((width) => parameters.slice(next, (next += width)));
  const u = read(step.read, row);
  const ops = rowOps(step.read, row, parts, u);
  map.forward(ops);
  return { logDet: ops.logDet, reverse: (adjoint) => map.reverse(rowOps(step.read, row, parts, u, adjoint)) };
};
