import type * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { ConfigReader } from '../config.ts';
import { denseStack } from '../ops/dense-stack.ts';
import { Parameter } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Activation } from './activation.ts';
import { activations } from './activation.ts';
import type { Conditioner } from './conditioner.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { listOf, oneOf, required, whole } from '../options/rules.ts';

/** Shape of a multilayer perceptron; plain JSON. */
export interface MlpConfig {
  /** Widths of the hidden layers; empty makes the conditioner affine. */
  readonly hidden: readonly number[];
  readonly activation: Activation;
  /** Adds the input of a hidden layer to its output if the widths agree. */
  readonly residual: boolean;
}

/** Throws FLOWLINE_USAGE unless widths, activation and flag are all given and valid. */
export function checkMlpConfig(where: string, config: MlpConfig): void {
  checkOptions<MlpConfig>(where, config, {
    hidden: required(listOf('whole numbers of at least 1', whole(1))),
    activation: required(oneOf(...activations)),
    residual: rules.flag,
  });
}

/** Reads an {@link MlpConfig}. */
export function readMlpConfig(reader: ConfigReader): MlpConfig {
  return {
    hidden: reader.integers('hidden', 1),
    activation: reader.oneOf('activation', activations),
    residual: reader.boolean('residual'),
  };
}

/**
 * A multilayer perceptron, h_{i+1} = f(h_i·W_i + b_i). The last layer is linear and zero initially,
 * so that a flow starts at the identity. Parameters: `w0` [inputs × hidden], `c0` [context ×
 * hidden] if there is a context (it enters the first layer beside the inputs), `b0`, then `w1`,
 * `b1`, …; kernels are drawn from N(0, 2 / fan-in) (He et al., 2015).
 */
export class Mlp implements Conditioner {
  readonly outputs: number;
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #config: MlpConfig;
  readonly #layers: readonly { readonly kernel: Parameter<tf.Rank.R2>; readonly bias: Parameter<tf.Rank.R1> }[];
  readonly #contextKernel: Parameter<tf.Rank.R2> | undefined;

  constructor(inputs: number, context: number, outputs: number, config: MlpConfig, random: Random) {
    for (const [name, width] of Object.entries({ inputs, outputs })) checkValue(`mlp.${name}`, width, whole(1));
    checkValue('mlp.context', context, whole(0));
    checkMlpConfig('mlp', config);
    checkValue('mlp.random', random, rules.generator);
    this.outputs = outputs;
    this.#config = config;
    const widths = [inputs, ...config.hidden, outputs];
    const last = config.hidden.length;
    const kernel = (rows: number, columns: number, fanIn: number, zero: boolean) => {
      const scale = Math.sqrt(2 / fanIn);
      if (zero) random.reserve(rows * columns);
      const values = zero ? new Float32Array(rows * columns) : random.normals(rows * columns, scale);
      return new Parameter<tf.Rank.R2>([rows, columns], values, { decay: true });
    };
    this.#layers = widths.slice(1).map((columns, i) => {
      const rows = at(widths, i);
      return {
        kernel: kernel(rows, columns, i === 0 ? rows + context : rows, i === last),
        bias: Parameter.zeros<tf.Rank.R1>([columns]),
      };
    });
    this.#contextKernel = context > 0 ? kernel(context, at(widths, 1), inputs + context, last === 0) : undefined;
    const named: [string, Parameter][] = this.#layers.flatMap((layer, i): [string, Parameter][] => [
      [`w${i}`, layer.kernel],
      [`b${i}`, layer.bias],
    ]);
    if (this.#contextKernel !== undefined) named.splice(1, 0, ['c0', this.#contextKernel]);
    this.variables = new Map(named);
  }

  apply(inputs: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D {
    const { activation, residual } = this.#config;
    const layers = this.#layers.map(({ kernel, bias }) => ({ kernel: kernel.value, bias: bias.value }));
    const contextKernel = this.#contextKernel?.value;
    return denseStack({
      inputs,
      layers,
      activation,
      residual,
      ...(context === undefined || contextKernel === undefined ? {} : { context, contextKernel }),
    });
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
  }
}
