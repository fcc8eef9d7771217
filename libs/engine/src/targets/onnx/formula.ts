import { entry, at } from '@flowline/events';
import type { OnnxGraph, Tensor } from './onnx-graph.ts';
import { inOrder } from '../../formula/graph.ts';
import type { Node } from '../../formula/graph.ts';

/**
 * Exports formulas as nodes, elementwise in float32. `inputs` are their inputs, and `products` the
 * nodes that an input already is, as its multiple.
 */
export const exportFormula = (
  graph: OnnxGraph,
  outputs: readonly Node[],
  inputs: readonly Tensor[],
  products: ReadonlyMap<Node, number> = new Map(),
): Tensor[] => {
  const tensors = new Map<Node, Tensor>();
  const of = (node: Node): Tensor => entry(tensors, node);
  for (const node of inOrder(outputs)) {
    const product = products.get(node);
    if (product !== undefined) tensors.set(node, at(inputs, product));
    else if (node.op === 'constant') tensors.set(node, graph.float([node.value]));
    else if (node.op === 'input') tensors.set(node, at(inputs, node.value));
    else tensors.set(node, exportNode(graph, node, node.args.map(of)));
  }
  return outputs.map(of);
};

const operators = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Mul',
  div: 'Div',
  min: 'Min',
  max: 'Max',
  neg: 'Neg',
  abs: 'Abs',
  sqrt: 'Sqrt',
  exp: 'Exp',
  log: 'Log',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
} as const;

const exportNode = (graph: OnnxGraph, { op }: Node, args: readonly Tensor[]): Tensor => {
  switch (op) {
    case 'input':
    case 'constant':
      throw new RangeError(`${op} has no arguments`);
    case 'multiplyAdd':
      return graph.node('Add', [graph.node('Mul', args.slice(0, 2)), at(args, 2)]);
    case 'ifLess':
      return graph.node('Where', [graph.node('Less', args.slice(0, 2)), at(args, 2), at(args, 3)]);
    default:
      return graph.node(operators[op], args);
  }
};
