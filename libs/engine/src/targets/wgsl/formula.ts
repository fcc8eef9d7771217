import { entry, at } from '@flowline/events';
import { exp, literal, log, tanh } from './math.ts';
import type { Shader } from './shader.ts';
import { inOrder } from '../../formula/graph.ts';
import type { Node } from '../../formula/graph.ts';

/** Formula as WGSL: statements, and the expressions of its outputs. */
export interface FormulaText {
  readonly statements: string;
  readonly results: readonly string[];
}

/**
 * Emits formulas over vectors of four rows. `input` returns the expression of an input, and
 * `prefix` begins the names of variables.
 */
export const writeFormula = (
  shader: Shader,
  outputs: readonly Node[],
  input: (index: number) => string,
  prefix = 'f',
): FormulaText => {
  const names = new Map<Node, string>();
  const of = (node: Node): string => entry(names, node);
  const statements: string[] = [];
  for (const node of inOrder(outputs)) {
    if (node.op === 'constant') {
      names.set(node, `vec4f(${literal(node.value)})`);
      continue;
    }
    const name = `${prefix}${names.size}`;
    const text = node.op === 'input' ? input(node.value) : apply(shader, node, node.args.map(of));
    statements.push(`let ${name} = ${text};`);
    names.set(node, name);
  }
  return { statements: statements.join('\n    '), results: outputs.map(of) };
};

const apply = (shader: Shader, { op }: Node, args: readonly string[]): string => {
  const [a, b] = [at(args, 0), args.at(1) ?? '']; // many have one argument
  switch (op) {
    case 'input':
    case 'constant':
      throw new RangeError(`${op} has no arguments`);
    case 'add':
      return `${a} + ${b}`;
    case 'sub':
      return `${a} - ${b}`;
    case 'mul':
      return `${a} * ${b}`;
    case 'div':
      return `${a} / ${b}`;
    case 'min':
    case 'max':
      return `${op}(${a}, ${b})`;
    case 'multiplyAdd':
      return `fma(${a}, ${b}, ${at(args, 2)})`;
    case 'ifLess':
      return `select(${at(args, 3)}, ${at(args, 2)}, ${a} < ${b})`;
    case 'neg':
      return `-${a}`;
    case 'abs':
    case 'sqrt':
      return `${op}(${a})`;
    case 'exp':
      return `${exp(shader)}(${a})`;
    case 'log':
      return `${log(shader)}(${a})`;
    case 'tanh':
      return `${tanh(shader)}(${a})`;
    case 'sigmoid':
      return `1.0f / (1.0f + ${exp(shader)}(-${a}))`;
    case 'softplus':
      return `max(${a}, vec4f(0.0f)) + ${log(shader)}(1.0f + ${exp(shader)}(-abs(${a})))`;
  }
};

/** WGSL name made of words. */
export const nameOf = (words: string): string => words.replace(/\W+/g, '_');

/** WGSL name that encodes a value. */
export const nameFor = (prefix: string, value: unknown): string => nameOf(`${prefix}_${JSON.stringify(value)}`);
