import * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { detached } from '../ops/detached.ts';
import { polished } from '../ops/monotone-root.ts';
import { MOST_BINS, SplineKernel } from '../ops/spline-kernel.ts';
import { savedTensor, withGradient } from '../ops/with-gradient.ts';
import type { Transformer, TransformerParameters } from './transformer.ts';
import { checkOptions } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { required, finiteNumber, orNull } from '../options/rules.ts';

/** Configuration of a {@link RationalQuadratic}. */
export interface RationalQuadraticConfig extends TypedConfig {
  readonly type: 'rationalQuadratic';
  /** K, number of bins; at least 2. */
  readonly bins: number;
  /** B: the spline maps [−B, B] onto itself and is the identity outside. */
  readonly bound: number;
  /**
   * c: raw parameters r are bounded to c·tanh(r / c), so that no bin becomes too narrow or steep
   * for float32; null: unbounded.
   */
  readonly parameterBound: number | null;
}

/**
 * A monotone rational-quadratic spline with linear tails (Durkan et al., “Neural spline flows”,
 * 2019). In the bin of x, where ξ is the share of the bin's width left of x, s its mean slope and
 * δ₀, δ₁ the slopes at its knots:
 * z = y₀ + h·(s·ξ² + δ₀·ξ(1 − ξ)) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ)),
 * ∂z/∂x = s²·(δ₁ξ² + 2sξ(1 − ξ) + δ₀(1 − ξ)²) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ))².
 * The inverse is the root of a quadratic, in closed form.
 *
 * Parameters: [K of the widths | K of the heights | K − 1 of the slopes]; zeros give the identity.
 */
export class RationalQuadratic implements Transformer {
  readonly config: RationalQuadraticConfig;
  readonly parametersPerFeature: number;
  readonly inverseCost = 'parallel';
  readonly passesAtZero = false;
  readonly #kernel: SplineKernel;

  constructor(config: RationalQuadraticConfig) {
    checkOptions<RationalQuadraticConfig>('rationalQuadratic', config, {
      type: rules.tag('rationalQuadratic'),
      bins: required(finiteNumber),
      bound: required(finiteNumber),
      parameterBound: required(orNull(finiteNumber)),
    });
    const { bins, bound, parameterBound } = config;
    if (bins < 2 || bins > MOST_BINS) throw unexpected('rationalQuadratic.bins', bins, 'from 2 to 999 bins');
    if (!(bound > 0)) throw unexpected('rationalQuadratic.bound', bound, 'a number above 0');
    if (parameterBound !== null && !(parameterBound > 0)) {
      throw unexpected('rationalQuadratic.parameterBound', parameterBound, 'a number above 0, or null');
    }
    this.config = config;
    this.parametersPerFeature = 3 * bins - 1;
    this.#kernel = new SplineKernel(config);
  }

  /** Builds one from its JSON configuration. */
  static readonly fromConfig = (json: unknown): RationalQuadratic => {
    const reader = new ConfigReader(json, 'rationalQuadratic');
    return new RationalQuadratic({
      type: 'rationalQuadratic',
      bins: reader.integer('bins', 2),
      bound: reader.number('bound'),
      parameterBound: reader.numberOrNull('parameterBound'),
    });
  };

  forward(x: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    return this.#forward(x, parameters.all());
  }

  inverse(z: tf.Tensor2D, parameters: TransformerParameters): [tf.Tensor2D, tf.Tensor2D] {
    const all = parameters.all();
    const forward = (at: tf.Tensor2D) => {
      const [value, logSlope] = this.#forward(at, all);
      return { value, slope: tf.exp<tf.Tensor2D>(logSlope) };
    };
    const root = detached(() => tf.tensor2d(this.#kernel.root(float32(z), float32(all)), z.shape));
    const x = polished(forward, z, root);
    return [x, tf.neg(this.#forward(x, all)[1])];
  }

  #forward(x: tf.Tensor2D, parameters: tf.Tensor3D): [tf.Tensor2D, tf.Tensor2D] {
    const [n, m] = x.shape;
    // z stacked on log ∂z/∂x, because an op has one result.
    const both = withGradient<tf.Tensor2D>([x, parameters], () => ({
      value: tf.tensor2d(this.#kernel.forward(float32(x), float32(parameters)), [2 * n, m]),
      saved: [x, parameters],
      gradient: (dy, saved) => {
        const [at, raw] = [savedTensor(saved, 0), savedTensor(saved, 1)];
        const gradients = this.#kernel.gradients(float32(at), float32(raw), float32(dy));
        return [tf.tensor2d(gradients.x, [n, m]), tf.tensor(gradients.parameters, raw.shape)];
      },
    }));
    return [tf.slice(both, [0, 0], [n, m]), tf.slice(both, [n, 0], [n, m])];
  }
}

/** Values, in one read. */
function float32(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<'float32'>();
}
