import * as tf from '@tensorflow/tfjs-core';

import type { ConfigReader } from '../config.ts';
import { unexpected } from '../config.ts';
import type { LinearMap } from '../ops/linear-map.ts';
import { columnSelection } from '../ops/linear-map.ts';
import { patches, spread } from '../ops/patches.ts';
import type { NamedVariables } from '../parameter.ts';
import { Parameter } from '../parameter.ts';
import type { Random } from '../random.ts';
import { parameterMajor } from '../transformers/parameters.ts';
import type { TransformerParameters } from '../transformers/transformer.ts';
import type { CouplingNetwork, CouplingNetworkOptions } from './coupling-network.ts';
import type { MlpConfig } from './mlp.ts';
import { Mlp, readMlpConfig } from './mlp.ts';

/** A convolutional network over images. A row holds the pixels line by line, channels last. */
export interface ConvolutionConfig {
  readonly kind: 'convolutional';
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Channels of the hidden layers; at least one layer. */
  readonly net: MlpConfig;
}

/** Reads a {@link ConvolutionConfig}. */
export function readConvolutionConfig(reader: ConfigReader): ConvolutionConfig {
  return {
    kind: 'convolutional',
    height: reader.integer('height', 1),
    width: reader.integer('width', 1),
    channels: reader.integer('channels', 1),
    net: readMlpConfig(reader.object('net')),
  };
}

/**
 * The convolutional network of an image coupling, as in Glow (Kingma and Dhariwal, 2018): a 3 × 3
 * convolution, 1 × 1 convolutions, and a 3 × 3 convolution that is zero initially, over the image
 * with its transformed features set to 0. Then a bias per feature is added, because position
 * matters in centred images. The context enters the first layer, the same at every pixel.
 *
 * Parameters: `w0` [9·channels × hidden], `c0`, `b0`, `w1`, …, shared by all pixels; the last
 * kernel [hidden × 9·p·channels] spreads over the 3 × 3 neighbours; `bias` [p·d].
 */
export class CouplingConvolution implements CouplingNetwork {
  readonly variables: NamedVariables;
  readonly #config: ConvolutionConfig;
  readonly #net: Mlp;
  readonly #bias: Parameter<tf.Rank.R1>;
  readonly #features: number;
  readonly #parametersPerFeature: number;
  /** [1 × d], 1 for conditioning features. */
  readonly #conditions: tf.Tensor2D;
  /** [1 × p·d], 1 for transformed features. */
  readonly #transforms: tf.Tensor2D;
  readonly #toTransformed: LinearMap | undefined;

  constructor(config: ConvolutionConfig, options: CouplingNetworkOptions, random: Random) {
    const { features, context, conditioning, transformed, parametersPerFeature: p, passesAll } = options;
    const { height, width, channels, net } = config;
    if (height * width * channels !== features) {
      throw unexpected('coupling.networks', `${height} × ${width} × ${channels}`, `an image of ${features} features`);
    }
    if (net.hidden.length === 0)
      throw unexpected('coupling.networks.net.hidden', net.hidden, 'at least one hidden layer');
    this.#config = config;
    this.#features = features;
    this.#parametersPerFeature = p;
    this.#net = new Mlp(9 * channels, context, 9 * p * channels, net, random);
    this.#bias = Parameter.zeros<tf.Rank.R1>([p * features]);
    this.variables = new Map([...this.#net.variables, ['bias', this.#bias]]);
    const conditions = new Set(conditioning);
    const mask = Array.from({ length: features }, (_, i) => (conditions.has(i) ? 1 : 0));
    this.#conditions = tf.keep(tf.tensor2d([mask]));
    this.#transforms = tf.keep(tf.tensor2d([Array.from({ length: p }, () => mask.map((one) => 1 - one)).flat()]));
    const chosen = Array.from({ length: p }, (_, i) => transformed.map((feature) => i * features + feature)).flat();
    this.#toTransformed = passesAll ? undefined : columnSelection(p * features, chosen);
  }

  parametersAt(
    rows: tf.Tensor2D,
    context: tf.Tensor2D | undefined,
    clip: (input: tf.Tensor2D) => tf.Tensor2D,
  ): TransformerParameters {
    const { height, width, channels } = this.#config;
    const [n] = rows.shape;
    const pixels = height * width;
    const seen = tf.reshape<tf.Rank.R3>(clip(tf.mul(rows, this.#conditions)), [n, pixels, channels]);
    const images = tf.reshape<tf.Rank.R4>(tf.transpose(seen, [2, 1, 0]), [channels, height, width, n]);
    const inputs = tf.transpose(tf.reshape<tf.Rank.R2>(patches(images), [9 * channels, pixels * n]));
    // Pixels are the outer axis, images the inner one.
    const repeated = context === undefined ? undefined : tf.tile<tf.Tensor2D>(clip(context), [pixels, 1]);
    const outputs = tf.transpose(this.#net.apply(inputs, repeated));
    const p = this.#parametersPerFeature;
    const placed = tf.reshape<tf.Rank.R4>(spread(tf.reshape(outputs, [9 * p * channels, height, width, n])), [
      p,
      channels,
      pixels,
      n,
    ]);
    const ofRows = tf.reshape<tf.Rank.R2>(tf.transpose(placed, [3, 0, 2, 1]), [n, p * this.#features]);
    const all: tf.Tensor2D = tf.mul(tf.add(ofRows, this.#bias.value), this.#transforms);
    if (this.#toTransformed === undefined) return parameterMajor(all, this.#features);
    const chosen = this.#toTransformed.apply(all);
    return parameterMajor(chosen, chosen.shape[1] / p);
  }

  dispose(): void {
    this.#net.dispose();
    this.#bias.dispose();
    this.#toTransformed?.dispose();
    for (const mask of [this.#conditions, this.#transforms]) mask.dispose();
  }
}
