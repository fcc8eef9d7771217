/**
 * Scalar formula as a graph, written once and used by every target: the reference evaluates it in
 * float64, emitters turn it into code, and `differentiate` makes its derivative a formula too.
 * Nodes are shared by reference and immutable.
 */
export interface Node {
  readonly op: Op;
  readonly args: readonly Node[];
  /** Value of a `constant`, or index of an `input`. */
  readonly value: number;
}

/** `multiplyAdd` is a·b + c; `ifLess` is c if a < b, else d. */
export type Op =
  'input' | 'constant' | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'multiplyAdd' | 'ifLess' | UnaryOp;
type UnaryOp = 'neg' | 'abs' | 'sqrt' | 'exp' | 'log' | 'tanh' | 'sigmoid' | 'softplus';

const node = (op: Op, args: readonly Node[], value = 0): Node => ({ op, args, value });

/** The i-th input of a formula. */
export const input = (index: number): Node => node('input', [], index);
export const constant = (value: number): Node => node('constant', [], value);
export const zero = constant(0);
export const one = constant(1);

const isConstant = ({ op, value }: Node, of: number): boolean => op === 'constant' && value === of;

export const add = (a: Node, b: Node): Node => (isConstant(a, 0) ? b : isConstant(b, 0) ? a : node('add', [a, b]));
export const sub = (a: Node, b: Node): Node => (isConstant(b, 0) ? a : isConstant(a, 0) ? neg(b) : node('sub', [a, b]));
export const mul = (a: Node, b: Node): Node => {
  if (isConstant(a, 0) || isConstant(b, 0)) return zero;
  return isConstant(a, 1) ? b : isConstant(b, 1) ? a : node('mul', [a, b]);
};
export const div = (a: Node, b: Node): Node => (isConstant(a, 0) ? zero : node('div', [a, b]));
export const min = (a: Node, b: Node): Node => node('min', [a, b]);
export const max = (a: Node, b: Node): Node => node('max', [a, b]);
export const multiplyAdd = (a: Node, b: Node, c: Node): Node =>
  isConstant(c, 0) ? mul(a, b) : node('multiplyAdd', [a, b, c]);
export const ifLess = (a: Node, b: Node, yes: Node, no: Node): Node =>
  yes === no ? yes : node('ifLess', [a, b, yes, no]);
export const neg = (a: Node): Node => (isConstant(a, 0) ? a : node('neg', [a]));
export const abs = (a: Node): Node => node('abs', [a]);
export const sqrt = (a: Node): Node => node('sqrt', [a]);
export const exp = (a: Node): Node => node('exp', [a]);
export const log = (a: Node): Node => node('log', [a]);
export const tanh = (a: Node): Node => node('tanh', [a]);
export const sigmoid = (a: Node): Node => node('sigmoid', [a]);
/** log(1 + e^a) */
export const softplus = (a: Node): Node => node('softplus', [a]);

/** Sum of a list, from left to right. */
export const sum = (terms: readonly Node[]): Node => terms.reduce(add, zero);

/** bound·tanh(a / bound), or a if the bound is null. */
export const squash = (bound: number | null, a: Node): Node =>
  bound === null ? a : mul(tanh(mul(a, constant(1 / bound))), constant(bound));

/** log Σ e^term, without overflow. */
export const logSumExp = (terms: readonly Node[]): Node => {
  const largest = terms.reduce(max);
  return add(largest, log(sum(terms.map((term) => exp(sub(term, largest))))));
};

/** All nodes that the outputs depend on, each once, arguments first. */
export const inOrder = (outputs: readonly Node[]): readonly Node[] => {
  const seen = new Set<Node>();
  const visit = (of: Node): void => {
    if (seen.has(of)) return;
    of.args.forEach(visit);
    seen.add(of);
  };
  outputs.forEach(visit);
  return [...seen];
};
