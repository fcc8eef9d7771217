import { inOrder } from './graph.ts';
import type { Node } from './graph.ts';

/** Factors that formulas apply to their inputs before anything else. */
export interface InputFactors {
  /** By index of the input, except inputs that are used as they are or in several ways. */
  readonly factors: ReadonlyMap<number, number>;
  /** Products of such an input and its factor, with the index of the input. */
  readonly products: ReadonlyMap<Node, number>;
}

/**
 * Finds the inputs, other than input 0, that formulas use only as their product with one constant.
 * Whoever computes such an input can multiply once, in the weights, instead of for every value.
 */
export const inputFactors = (outputs: readonly Node[]): InputFactors => {
  const uses = new Map<number, Set<number>>();
  const products = new Map<Node, number>();
  const use = ({ op, value }: Node, factor: number): void => {
    if (op === 'input') uses.set(value, (uses.get(value) ?? new Set()).add(factor));
  };
  for (const output of outputs) use(output, 1);
  for (const node of inOrder(outputs)) {
    const [a, b] = node.args;
    if (node.op === 'mul' && a?.op === 'input' && b?.op === 'constant') {
      use(a, b.value);
      products.set(node, a.value);
    } else {
      for (const arg of node.args) use(arg, 1);
    }
  }
  const single = [...uses].flatMap(([index, [factor = 1, ...others]]) =>
    index === 0 || others.length > 0 || factor === 1 ? [] : [[index, factor] as const],
  );
  const factors = new Map(single);
  for (const [product, index] of products) if (!factors.has(index)) products.delete(product);
  return { factors, products };
};
