import * as tf from '@tensorflow/tfjs-core';

import type { ScaleFunction } from '../bijectors/scale-function.ts';
import { logScale, readScaleFunction } from '../bijectors/scale-function.ts';
import type { TypedConfig } from '../config.ts';
import { ConfigReader } from '../config.ts';
import { monotoneRoot } from '../ops/monotone-root.ts';
import type { Transformer, TransformerParameters } from './transformer.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, finiteNumber, whole } from '../options/rules.ts';

/** Configuration of a {@link DeepSigmoid}. */
export interface DeepSigmoidConfig extends TypedConfig {
  readonly type: 'deepSigmoid';
  /** K, number of sigmoids. */
  readonly units: number;
  /**
   * Map from the raw parameter to log a_k. A bound keeps the tails linear, with slopes within
   * exp(±bound).
   */
  readonly scale: ScaleFunction;
  /**
   * Offsets of b_k, evenly spaced from −spread to spread: units with equal initial values would
   * stay equal.
   */
  readonly spread: number;
}

/**
 * Sigmoidal transformer of a neural autoregressive flow (Huang et al., 2018):
 * z = logit(Σ_k w_k·σ(a_k·x + b_k)) with softmax w and positive a. It is computed in log space:
 * z = L₁ − L₀ with L₁ = log Σ w σ(u), L₀ = log Σ w σ(−u) and u_k = a_k·x + b_k, and
 * log ∂z/∂x = log Σ w a σ(u) σ(−u) − L₁ − L₀. The inverse is a bracketed root search per entry; the
 * root lies within the range of the (z − b_k) / a_k.
 *
 * Parameters: [K of log a | K of b | K logits of w].
 */
export class DeepSigmoid implements Transformer {
  readonly config: DeepSigmoidConfig;
  readonly parametersPerFeature: number;
  readonly inverseCost = 'iterative';
  readonly passesAtZero = false;

  constructor(config: DeepSigmoidConfig) {
    checkOptions<DeepSigmoidConfig>('deepSigmoid', config, {
      type: rules.tag('deepSigmoid'),
      units: required(whole(1)),
      scale: rules.scaleFunction,
      spread: required(finiteNumber),
    });
    this.config = config;
    this.parametersPerFeature = 3 * config.units;
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): DeepSigmoid => {
    const reader = new ConfigReader(json, 'deepSigmoid');
    return new DeepSigmoid({
      type: 'deepSigmoid',
      units: reader.integer('units', 1),
      scale: readScaleFunction(reader.object('scale')),
      spread: reader.number('spread'),
    });
  };

  forward(x: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    return mixed(x, this.#units(parameters.all()));
  }

  inverse(z: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    const units = this.#units(parameters.all());
    const crossings = tf.div(tf.sub(tf.expandDims(z, 2), units.offset), tf.exp(units.logSlope));
    const [low, high] = [tf.min<tf.Tensor2D>(crossings, 2), tf.max<tf.Tensor2D>(crossings, 2)];
    const map = (at: tf.Tensor2D) => {
      const [value, logSlope] = mixed(at, units);
      return { value, slope: tf.exp(logSlope) };
    };
    const x = monotoneRoot(map, z, low, high);
    return [x, tf.neg(mixed(x, units)[1])];
  }

  /** log a, b and log w, each [n × m × K]. */
  #units(parameters: tf.Tensor3D): Units {
    const [n, m] = parameters.shape;
    const { units, scale, spread } = this.config;
    const part = (i: number) => tf.slice(parameters, [0, 0, i * units], [n, m, units]);
    const rawSlope = tf.reshape<tf.Rank.R2>(part(0), [n * m, units]);
    const step = units > 1 ? (2 * spread) / (units - 1) : 0;
    const offsets = Array.from({ length: units }, (_, k) => (units > 1 ? k * step - spread : 0));
    const logits = part(2);
    return {
      logSlope: tf.reshape<tf.Rank.R3>(logScale(scale, rawSlope), [n, m, units]),
      offset: tf.add(part(1), tf.tensor1d(offsets)),
      logWeight: tf.sub(logits, tf.logSumExp(logits, 2, true)),
    };
  }
}

interface Units {
  readonly logSlope: tf.Tensor3D;
  readonly offset: tf.Tensor3D;
  readonly logWeight: tf.Tensor3D;
}

/** z and log ∂z/∂x. */
function mixed(x: tf.Tensor2D, { logSlope, offset, logWeight }: Units): [tf.Tensor2D, tf.Tensor2D] {
  const u = tf.add(tf.mul(tf.exp(logSlope), tf.expandDims(x, 2)), offset);
  const below = tf.sub(logWeight, tf.softplus(tf.neg(u))); // log w σ(u)
  const minusSoftplus = tf.neg(tf.softplus(u)); // log σ(−u)
  const lower = tf.logSumExp(below, 2);
  const upper = tf.logSumExp(tf.add(logWeight, minusSoftplus), 2);
  const density = tf.logSumExp(tf.add(tf.add(below, minusSoftplus), logSlope), 2);
  return [tf.sub(lower, upper), tf.sub(tf.sub(density, lower), upper)];
}
