import { entry, missing } from '@flowline/events';
import { inOrder } from './graph.ts';
import type { Node, Op } from './graph.ts';

/** Formula that runs in float64. */
export type Evaluator = (inputs: ArrayLike<number>) => Float64Array;

/** Compiles formulas into a function from inputs to the values of the outputs. */
export const evaluator = (outputs: readonly Node[]): Evaluator => {
  const nodes = inOrder(outputs);
  const places = new Map(nodes.map((node, place) => [node, place]));
  const program = nodes.map(({ op, args, value }) => {
    const [a = 0, b = 0, c = 0, d = 0] = args.map((arg) => entry(places, arg));
    return { op, value, a, b, c, d };
  });
  const results = outputs.map((output) => entry(places, output));
  const values = new Float64Array(nodes.length);
  const read = (place: number): number => values[place] ?? missing(values, place);
  // Loops, since an explanation evaluates formulas hundreds of times.
  return (inputs) => {
    for (let place = 0; place < program.length; place++) {
      const { op, value, a, b, c, d } = program[place] ?? missing(program, place);
      if (op === 'input') values[place] = inputs[value] ?? missing(inputs, value);
      else if (op === 'constant') values[place] = value;
      else values[place] = apply(op, read(a), read(b), read(c), read(d));
    }
    const found = new Float64Array(results.length);
    for (let i = 0; i < results.length; i++) found[i] = read(results[i] ?? missing(results, i));
    return found;
  };
};

const apply = (op: Exclude<Op, 'input' | 'constant'>, a: number, b: number, c: number, d: number): number => {
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
