import * as tf from '@tensorflow/tfjs-core';

import { at, missing } from '../at.ts';
import { unexpected } from '../config.ts';
import { dense } from '../ops/dense.ts';
import { Parameter } from '../parameter.ts';
import type { Random } from '../random.ts';
import type { Conditioner } from './conditioner.ts';
import type { MlpConfig } from './mlp.ts';
import { checkMlpConfig } from './mlp.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, whole } from '../options/rules.ts';

/** Options of a {@link Made}. */
export interface MadeOptions {
  /** Permutation of the features; the first one depends on no other. */
  readonly order: readonly number[];
  readonly context: number;
  readonly outputsPerFeature: number;
  readonly net: MlpConfig;
}

/**
 * A masked autoencoder (Germain et al., MADE, 2015): a perceptron whose outputs for a feature
 * depend exactly on the context and the features before it in `order`, because kernels are
 * multiplied by 0/1 masks. Outputs are those of feature 0, then those of feature 1, …. The j-th
 * feature of the order has degree j + 1. Hidden units cycle through the degrees 1 … d − 1, and with
 * a context also degree 0, for units that see only the context. A hidden unit sees units of lower
 * or equal degree, an output those of lower degree.
 *
 * Parameters: `w0` [d × hidden], `c0` [context × hidden] if there is a context, `b0`, then `w1`,
 * `b1`, …. The last layer is zero initially; the other kernels are drawn from N(0, 2 / unmasked
 * fan-in).
 */
export class Made implements Conditioner {
  readonly outputs: number;
  readonly variables: ReadonlyMap<string, Parameter>;
  readonly #net: MlpConfig;
  readonly #layers: readonly Layer[];
  readonly #contextKernel: Parameter<tf.Rank.R2> | undefined;

  constructor(options: MadeOptions, random: Random) {
    checkOptions<MadeOptions>('made', options, {
      order: rules.indices,
      context: rules.context,
      outputsPerFeature: required(whole(1)),
      net: rules.network,
    });
    checkMlpConfig('made.net', options.net);
    checkValue('made.random', random, rules.generator);
    const { order, context, outputsPerFeature, net } = options;
    const features = order.length;
    if (features === 0 || [...order].sort((a, b) => a - b).some((feature, i) => feature !== i)) {
      throw unexpected('order', order, 'each of 0 … d − 1 once');
    }
    this.#net = net;
    this.outputs = features * outputsPerFeature;
    const widths = [features, ...net.hidden, this.outputs];
    for (const [i, columns] of widths.slice(1).entries()) random.reserve(at(widths, i) * columns);
    this.#layers = madeMasks({ order, context, outputsPerFeature, net }).map(({ mask, rows, columns }, i): Layer => {
      const isLast = i === net.hidden.length;
      const seen = new Float32Array(columns).fill(i === 0 ? context : 0);
      mask.forEach((unmasked, i) => {
        const unit = i % columns;
        seen[unit] = (seen[unit] ?? missing(seen, unit)) + unmasked;
      });
      const values = mask.map((unmasked, i) =>
        isLast || unmasked === 0 ? 0 : random.normal() * Math.sqrt(2 / at(seen, i % columns)),
      );
      return {
        kernel: new Parameter<tf.Rank.R2>([rows, columns], values, { decay: true }),
        mask: tf.keep(tf.tensor2d(mask, [rows, columns])),
        bias: Parameter.zeros<tf.Rank.R1>([columns]),
      };
    });
    this.#contextKernel = context > 0 ? contextKernel(context, features, net, this.outputs, random) : undefined;
    const named = this.#layers.flatMap(({ kernel, bias }, i): [string, Parameter][] => [
      [`w${i}`, kernel],
      [`b${i}`, bias],
    ]);
    if (this.#contextKernel !== undefined) named.splice(1, 0, ['c0', this.#contextKernel]);
    this.variables = new Map(named);
  }

  apply(inputs: tf.Tensor2D, context?: tf.Tensor2D): tf.Tensor2D {
    const { activation, residual } = this.#net;
    const last = this.#layers.length - 1;
    return this.#layers.reduce((h, { kernel, mask, bias }, i) => {
      const masked = tf.mul<tf.Tensor2D>(kernel.value, mask);
      const isContextual = i === 0 && context !== undefined && this.#contextKernel !== undefined;
      // [x | c]·[W; C]: the context enters the first layer beside the inputs.
      const entering = isContextual ? tf.concat<tf.Tensor2D>([h, context], 1) : h;
      const weights = isContextual ? tf.concat<tf.Tensor2D>([masked, this.#contextKernel.value], 0) : masked;
      const next = dense(entering, weights, bias.value, i === last ? 'linear' : activation);
      const isResidual = residual && i < last && kernel.shape[0] === kernel.shape[1] && i > 0;
      return isResidual ? tf.add(next, h) : next;
    }, inputs);
  }

  dispose(): void {
    for (const parameter of this.variables.values()) parameter.dispose();
    for (const { mask } of this.#layers) mask.dispose();
  }
}

interface Layer {
  readonly kernel: Parameter<tf.Rank.R2>;
  readonly mask: tf.Tensor2D;
  readonly bias: Parameter<tf.Rank.R1>;
}

/**
 * 0/1 mask of each kernel of a {@link Made}, [rows × columns], row-major, and the degrees of its
 * columns. The context's kernel has no mask.
 */
export function madeMasks({ order, context, outputsPerFeature, net }: MadeOptions) {
  const degrees = degreesOf(order, context > 0, net.hidden, outputsPerFeature);
  return degrees.slice(1).map((columns, i) => {
    const rows = at(degrees, i);
    const isLast = i === net.hidden.length;
    const sees = (from: number, to: number) => (isLast ? from < to : from <= to);
    const mask = Float32Array.from(rows.flatMap((from) => columns.map((to) => (sees(from, to) ? 1 : 0))));
    return { mask, rows: rows.length, columns: columns.length, degrees: columns };
  });
}

/** Degree of every unit, layer by layer from the inputs to the outputs. */
function degreesOf(
  order: readonly number[],
  hasContext: boolean,
  hidden: readonly number[],
  outputs: number,
): number[][] {
  const features = order.length;
  const ofFeature = Array.from({ length: features }, (_, feature) => order.indexOf(feature) + 1);
  const least = hasContext || features === 1 ? 0 : 1;
  const units = (width: number) => Array.from({ length: width }, (_, k) => least + (k % (features - least)));
  return [
    ofFeature,
    ...hidden.map(units),
    ofFeature.flatMap((degree) => Array.from({ length: outputs }, () => degree)),
  ];
}

function contextKernel(context: number, features: number, net: MlpConfig, outputs: number, random: Random) {
  const columns = net.hidden[0];
  if (columns === undefined) return Parameter.zeros<tf.Rank.R2>([context, outputs], { decay: true });
  const scale = Math.sqrt(2 / (features + context));
  const values = random.normals(context * columns, scale);
  return new Parameter<tf.Rank.R2>([context, columns], values, { decay: true });
}
