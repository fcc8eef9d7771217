import { at } from '@flowline/events';
import { add, constant, div, ifLess, inOrder, mul, neg, one, sigmoid, sub, zero } from './graph.ts';
import type { Node } from './graph.ts';

/**
 * Derivatives of Σ seed_i·output_i with respect to some nodes, as formulas, by reverse accumulation
 * over the graph. `min`, `max`, `abs` and `ifLess` have the derivative of the branch that is taken.
 */
export const differentiate = (
  outputs: readonly (readonly [output: Node, seed: Node])[],
  variables: readonly Node[],
): readonly Node[] => {
  const adjoints = new Map<Node, Node>();
  const give = (to: Node, amount: Node): void => {
    adjoints.set(to, add(adjoints.get(to) ?? zero, amount));
  };
  for (const [output, seed] of outputs) give(output, seed);
  for (const node of [...inOrder(outputs.map(([output]) => output))].reverse()) {
    const adjoint = adjoints.get(node);
    if (adjoint !== undefined) partials(node, adjoint).forEach((amount, i) => give(at(node.args, i), amount));
  }
  return variables.map((variable) => adjoints.get(variable) ?? zero);
};

/** Adjoints of the arguments of a node y with adjoint g. */
const partials = (y: Node, g: Node): readonly Node[] => {
  const [a = zero, b = zero] = y.args;
  switch (y.op) {
    case 'input':
    case 'constant':
      return [];
    case 'add':
      return [g, g];
    case 'sub':
      return [g, neg(g)];
    case 'mul':
      return [mul(g, b), mul(g, a)];
    case 'div': {
      const overB = div(g, b);
      return [overB, neg(mul(overB, y))];
    }
    case 'min':
      return [ifLess(b, a, zero, g), ifLess(b, a, g, zero)];
    case 'max':
      return [ifLess(a, b, zero, g), ifLess(a, b, g, zero)];
    case 'multiplyAdd':
      return [mul(g, b), mul(g, a), g];
    case 'ifLess':
      return [zero, zero, ifLess(a, b, g, zero), ifLess(a, b, zero, g)];
    case 'neg':
      return [neg(g)];
    case 'abs':
      return [ifLess(a, zero, neg(g), g)];
    case 'sqrt':
      return [div(mul(g, constant(0.5)), y)];
    case 'exp':
      return [mul(g, y)];
    case 'log':
      return [div(g, a)];
    case 'tanh':
      return [mul(g, sub(one, mul(y, y)))];
    case 'sigmoid':
      return [mul(g, mul(y, sub(one, y)))];
    case 'softplus':
      return [mul(g, sigmoid(a))];
  }
};
