import { at } from '@flowline/events';
import { activate } from './activation.ts';
import type { Shader, Slot } from './shader.ts';
import type { DenseLayer } from '../../plan/plan.ts';

/** Maximum outputs that an invocation computes at once. Each input is read once for all of them. */
const LARGEST_BLOCK = 4;

/** Dense layer, independent of the source of its input. */
export type Dense = Pick<DenseLayer, 'inputs' | 'outputs' | 'weights' | 'bias' | 'activation'>;

/** Computes a dense layer from the values at `source` into those at `target`. */
export const emitDense = (shader: Shader, layer: Dense, source: Slot, target: Slot): void => {
  const block = Math.min(LARGEST_BLOCK, Math.ceil(layer.outputs / shader.shape.lanes));
  const kernel = defineDense(shader, layer, block);
  const weights = shader.place(packDense(layer));
  shader.call(kernel, source, target, layer.inputs >> 2, layer.outputs, weights);
};

/**
 * Packs four inputs per vector with the outputs side by side, so that neighbouring invocations read
 * neighbouring vectors. The last vector of an output holds its 0–3 remaining weights and, in w, its
 * bias.
 */
const packDense = ({ inputs, outputs, weights, bias }: Dense): [number, number, number, number][] => {
  const weight = (input: number, output: number): number =>
    input < inputs ? at(weights, input * outputs + output) : 0;
  const columns = Array.from({ length: outputs }, (_, output) => output);
  const quads = Array.from({ length: inputs >> 2 }, (_, quad) => 4 * quad);
  const rest = inputs & ~3;
  return [
    ...quads.flatMap((k) =>
      columns.map((o): [number, number, number, number] => [
        weight(k, o),
        weight(k + 1, o),
        weight(k + 2, o),
        weight(k + 3, o),
      ]),
    ),
    ...columns.map((o): [number, number, number, number] => [
      weight(rest, o),
      weight(rest + 1, o),
      weight(rest + 2, o),
      at(bias, o),
    ]),
  ];
};

const defineDense = (shader: Shader, { activation, inputs }: Dense, block: number): string => {
  const rest = inputs & 3;
  const name = `dense_${activation}_${block}_${rest}`;
  return shader.define(name, () => {
    /** Repeats a line for every output of the block. */
    const each = (line: (q: number) => string): string =>
      Array.from({ length: block }, (_, q) => line(q)).join('\n    ');
    const addTerm = (q: number, input: string, weights: string, k: number): string =>
      `sum${q} = fma(${input}${k}, vec4f(${weights}${q}.${at(COMPONENTS, k)}), sum${q});`;
    const terms = (input: string, weights: string, count: number, first: string): string =>
      Array.from(
        { length: count },
        (_, k) =>
          `let ${input}${k} = load(source + ${first} + ${k}u);\n    ${each((q) => addTerm(q, input, weights, k))}`,
      ).join('\n    ');
    return `fn ${name}(source: u32, goal: u32, quads: u32, outputs: u32, weightsAt: u32) {
  for (var first = lane; first < outputs; first += ${block}u * LANES) {
    ${each((q) => `let o${q} = min(first + ${q}u * LANES, outputs - 1u);`)}
    ${each((q) => `let last${q} = weights[weightsAt + quads * outputs + o${q}];`)}
    ${each((q) => `var sum${q} = vec4f(last${q}.w);`)}
    ${terms('rest', 'last', rest, '4u * quads')}
    for (var quad = 0u; quad < quads; quad++) {
    ${each((q) => `let quad${q} = weights[weightsAt + quad * outputs + o${q}];`)}
    ${terms('x', 'quad', 4, '4u * quad')}
    }
    ${each((q) => `if (first + ${q}u * LANES < outputs) { store(goal + o${q}, ${activate(shader, activation, `sum${q}`)}); }`)}
  }
}`;
  });
};

const COMPONENTS = ['x', 'y', 'z', 'w'];
