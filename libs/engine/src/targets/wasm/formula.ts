import { at } from '@flowline/events';
import { f32x4, v128 } from './assembly/expression.ts';
import type { V128 } from './assembly/expression.ts';
import type { FunctionBuilder } from './assembly/function-builder.ts';
import type { VectorMath } from './math.ts';
import { inOrder } from '../../formula/graph.ts';
import type { Node } from '../../formula/graph.ts';

/**
 * Emits formulas over four floats at once, computing every node once. Inputs must be locals or
 * cheap to repeat.
 */
export const writeFormulas = (
  f: FunctionBuilder,
  math: VectorMath,
  outputs: readonly Node[],
  inputs: (index: number) => V128,
): readonly V128[] => {
  const values = new Map<Node, V128>();
  const valueOf = (node: Node): V128 => {
    const value = values.get(node);
    if (value === undefined) throw new RangeError(`the formula reads ${node.op} before it is there`);
    return value;
  };
  for (const node of inOrder(outputs)) {
    if (node.op === 'constant') values.set(node, f32x4.constant(node.value));
    else if (node.op === 'input') values.set(node, inputs(node.value));
    else values.set(node, f.let(write(f, math, node, node.args.map(valueOf))));
  }
  return outputs.map(valueOf);
};

const write = (f: FunctionBuilder, math: VectorMath, { op }: Node, args: readonly V128[]): V128 => {
  const arg = (i: number): V128 => at(args, i);
  switch (op) {
    case 'input':
    case 'constant':
      throw new RangeError(`${op} is not computed`);
    case 'add':
      return f32x4.add(arg(0), arg(1));
    case 'sub':
      return f32x4.sub(arg(0), arg(1));
    case 'mul':
      return f32x4.mul(arg(0), arg(1));
    case 'div':
      return f32x4.div(arg(0), arg(1));
    case 'min':
      return f32x4.pmin(arg(0), arg(1));
    case 'max':
      return f32x4.pmax(arg(0), arg(1));
    case 'multiplyAdd':
      return math.multiplyAdd(arg(0), arg(1), arg(2));
    case 'ifLess':
      return v128.select(f32x4.lt(arg(0), arg(1)), arg(2), arg(3));
    case 'neg':
      return f32x4.neg(arg(0));
    case 'abs':
      return f32x4.abs(arg(0));
    case 'sqrt':
      return f32x4.sqrt(arg(0));
    case 'exp':
      return math.exp(f, arg(0));
    case 'log':
      return math.log(f, arg(0));
    case 'tanh':
      return math.tanh(f, arg(0));
    case 'sigmoid':
      return math.sigmoid(f, arg(0));
    case 'softplus':
      return math.softplus(f, arg(0));
  }
};
