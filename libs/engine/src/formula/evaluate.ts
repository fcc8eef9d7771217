import { inOrder } from './graph.ts';
import type { Node, Op } from './graph.ts';
import { at } from '../at.ts';

/** A formula that runs in float64. */
export type Evaluator = (inputs: ArrayLike<number>) => Float64Array;

/** Makes formulas run: inputs → the values of the outputs. */
export const evaluator = (outputs: readonly Node[]): Evaluator => {
  const nodes = inOrder(outputs);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const placeOf = (node: Node): number => places.get(node) ?? -1;
  const program = nodes.map(({ op, args, value }) => ({ op, value, args: args.map(placeOf) }));
  const results = outputs.map(placeOf);
  const values = new Float64Array(nodes.length);
  return (inputs) => {
    program.forEach(({ op, value, args }, place) => {
      if (op === 'input') values[place] = at(inputs, value);
      else if (op === 'constant') values[place] = value;
      else values[place] = apply(op, ...args.map((arg) => at(values, arg)));
    });
    return Float64Array.from(results, (place) => at(values, place));
  };
};

const apply = (op: Exclude<Op, 'input' | 'constant'>, a = NaN, b = NaN, c = NaN, d = NaN): number => {
  switch (op) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    case 'min':
      return b < a ? b : a;
    case 'max':
      return a < b ? b : a;
    case 'multiplyAdd':
      return a * b + c;
    case 'ifLess':
      return a < b ? c : d;
    case 'neg':
      return -a;
    case 'abs':
      return Math.abs(a);
    case 'sqrt':
      return Math.sqrt(a);
    case 'exp':
      return Math.exp(a);
    case 'log':
      return Math.log(a);
    case 'tanh':
      return Math.tanh(a);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-a));
    case 'softplus':
      return Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
  }
};
