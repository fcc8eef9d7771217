import { at } from '@flowline/events';
import { exportDense, perColumn } from './columns.ts';
import { exportFormula } from './formula.ts';
import { exportHidden, multiplied } from './network.ts';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import type { StateColumns } from './state.ts';
import { mul } from '../../formula/graph.ts';
import type { Node } from '../../formula/graph.ts';
import { inputFactors } from '../../formula/input-factors.ts';
import type { Network, TransformStep } from '../../plan/plan.ts';
import { transformFormulas } from '../../steps/transform.ts';

/** Result and log-slope of a map, a column per dimension. */
export interface Mapped {
  readonly result: Tensor;
  readonly logSlope: Tensor;
}

/** Columns of a matrix product that runtimes compute together. */
const PANEL_COLUMNS = 16;

/**
 * Affine map u·e^s + t whose shift is added by the product that makes it, so that neither r and t
 * are split nor their sum is a node. Null if the form, the map or its network asks for another way,
 * or if two products for r and t would compute more panels than one for both.
 */
export const exportAffine = (state: StateColumns, step: TransformStep, input: Tensor | null): Mapped | null => {
  const { graph } = state;
  const { transformer, transformed } = step;
  const width = transformed.dimensions.length;
  const panels = (columns: number): number => Math.ceil(columns / PANEL_COLUMNS);
  if (graph.form !== 'products' || transformer.type !== 'affine' || 2 * panels(width) > panels(2 * width)) return null;
  const { forward } = transformFormulas(transformer);
  const { network, products } = foldedFactors(graph, step, forward);
  const [scale, shift] = exportHidden(graph, network, input, 2) ?? [];
  if (scale === undefined || shift === undefined) return null;
  const [u, growth] = at(forward, 0).args;
  if (u === undefined || growth === undefined) return null;
  const r = exportDense(graph, scale.layer, scale.source);
  const [grown = '', logSlope = ''] = exportFormula(
    graph,
    [mul(u, growth), at(forward, 1)],
    [state.read(transformed), r],
    products,
  );
  const { inputs, outputs, weights, bias } = shift.layer;
  const moved = graph.node('Add', [grown, perColumn(graph, bias)]);
  const result = graph.node('Gemm', [shift.source, graph.float(weights, inputs, outputs), moved]);
  return { result, logSlope };
};

/**
 * Network of a step that multiplies its parameters by the constants with which the formulas begin,
 * if its last layers have weights to take them, and the nodes that are thereby done.
 */
export const foldedFactors = (
  graph: OnnxGraph,
  { network, transformed }: TransformStep,
  formulas: readonly Node[],
): { readonly network: Network; readonly products: ReadonlyMap<Node, number> } => {
  const unchanged = { network, products: new Map<Node, number>() };
  if (graph.form === 'portable') return unchanged;
  const { factors, products } = inputFactors(formulas);
  const width = transformed.dimensions.length;
  const folded = multiplied(network, (output) => factors.get(1 + Math.floor(output / width)) ?? 1);
  return folded === null ? unchanged : { network: folded, products };
};
