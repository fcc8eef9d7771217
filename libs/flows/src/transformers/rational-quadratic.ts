import * as tf from '@tensorflow/tfjs-core';

import type { TypedConfig } from '../config.ts';
import { ConfigReader, unexpected } from '../config.ts';
import { detached } from '../ops/detached.ts';
import { polished } from '../ops/monotone-root.ts';
import { squash } from '../ops/squash.ts';
import type { Transformer, TransformerParameters } from './transformer.ts';

/** The least share of the interval that a bin takes, in x and in z, and the least slope at a knot. */
const LEAST_SHARE = 1e-3;
const LEAST_SLOPE = 1e-3;
/** Added to a raw slope so that 0 stands for slope 1. */
const SLOPE_OFFSET = Math.log(Math.expm1(1 - LEAST_SLOPE));

/** The configuration of a {@link RationalQuadratic}. */
export interface RationalQuadraticConfig extends TypedConfig {
  readonly type: 'rationalQuadratic';
  /** K, the number of bins; at least 2. */
  readonly bins: number;
  /** B: the spline maps [−B, B] onto itself, and is the identity outside. */
  readonly bound: number;
  /** Raw parameters r count as c·tanh(r / c), so that no bin becomes too narrow or steep for float32; null: as they are. */
  readonly parameterBound: number | null;
}

/**
 * A monotone rational-quadratic spline with linear tails (Durkan et al., “Neural spline flows”, 2019). In the bin of x, with ξ the
 * share of the bin's width left of x, s its mean slope and δ₀, δ₁ the slopes at its knots:
 * z = y₀ + h·(s·ξ² + δ₀·ξ(1 − ξ)) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ)),
 * ∂z/∂x = s²·(δ₁ξ² + 2sξ(1 − ξ) + δ₀(1 − ξ)²) / (s + (δ₁ + δ₀ − 2s)·ξ(1 − ξ))². Inverse: the root of a quadratic, in closed form.
 *
 * Parameters: [K of the widths | K of the heights | K − 1 of the slopes]; zeros are the identity.
 */
export class RationalQuadratic implements Transformer {
  readonly config: RationalQuadraticConfig;
  readonly parametersPerFeature: number;
  readonly inverseCost = 'parallel';
  readonly passesAtZero = false;

  constructor(config: RationalQuadraticConfig) {
    const { bins, bound, parameterBound } = config;
    if (bins < 2 || bins * LEAST_SHARE >= 1) throw unexpected('rationalQuadratic.bins', bins, 'from 2 to 999 bins');
    if (!(bound > 0)) throw unexpected('rationalQuadratic.bound', bound, 'a number above 0');
    if (parameterBound !== null && !(parameterBound > 0)) {
      throw unexpected('rationalQuadratic.parameterBound', parameterBound, 'a number above 0, or null');
    }
    this.config = config;
    this.parametersPerFeature = 3 * bins - 1;
  }

  /** Makes one from its JSON. */
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
    const root = detached(() => tf.tidy(() => this.#root(z, all)));
    const x = polished(forward, z, root);
    return [x, tf.neg(this.#forward(x, all)[1])];
  }

  #forward(x: tf.Tensor2D, parameters: tf.Tensor3D): [tf.Tensor2D, tf.Tensor2D] {
    const { bound } = this.config;
    const inside = tf.clipByValue(x, -bound, bound);
    const bin = this.#binAt(inside, 'x', parameters);
    const share = tf.div<tf.Tensor2D>(tf.sub(inside, bin.x), bin.width);
    const { mixed, denominator, logSlope } = slopeAt(share, bin);
    const numerator = tf.add(tf.mul(bin.mean, tf.square(share)), tf.mul(bin.left, mixed));
    const z: tf.Tensor2D = tf.add(bin.y, tf.mul(bin.height, tf.div(numerator, denominator)));
    const isInside = this.#isInside(x);
    return [tf.where(isInside, z, x), tf.where(isInside, logSlope, tf.zerosLike(logSlope))];
  }

  /** The x of each z, by the quadratic equation of its bin. */
  #root(z: tf.Tensor2D, parameters: tf.Tensor3D): tf.Tensor2D {
    const { bound } = this.config;
    const inside = tf.clipByValue(z, -bound, bound);
    const bin = this.#binAt(inside, 'y', parameters);
    const rise = tf.sub<tf.Tensor2D>(inside, bin.y);
    const bent = tf.mul(rise, bend(bin));
    const a = tf.add(tf.mul(bin.height, tf.sub(bin.mean, bin.left)), bent);
    const b = tf.sub(tf.mul(bin.height, bin.left), bent);
    const c = tf.mul(bin.mean, rise);
    const discriminant = tf.relu(tf.add(tf.square(b), tf.mul(tf.mul(a, c), 4)));
    // The form of the root that does not cancel, as b ≥ 0 where c is small.
    const share = tf.div(tf.mul(c, 2), tf.add(b, tf.sqrt(discriminant)));
    const x: tf.Tensor2D = tf.add(bin.x, tf.mul(share, bin.width));
    return tf.where(this.#isInside(z), x, z);
  }

  #isInside(x: tf.Tensor2D): tf.Tensor2D {
    return tf.lessEqual(tf.abs(x), this.config.bound);
  }

  /** The bin that holds each entry, found by its x or by its y; everything [n × m]. */
  #binAt(at: tf.Tensor2D, axis: 'x' | 'y', parameters: tf.Tensor3D): Bin {
    const [n, m, p] = parameters.shape;
    const { bins, bound, parameterBound } = this.config;
    const flat = tf.reshape<tf.Rank.R2>(parameters, [n * m, p]);
    const raw: tf.Tensor3D =
      parameterBound === null ? parameters : tf.reshape<tf.Rank.R3>(squash(flat, parameterBound), [n, m, p]);
    const part = (from: number, size: number) => tf.slice(raw, [0, 0, from], [n, m, size]);
    const lengths = (logits: tf.Tensor3D): tf.Tensor3D =>
      tf.mul(tf.add(tf.mul(tf.softmax(logits), 1 - bins * LEAST_SHARE), LEAST_SHARE), 2 * bound);
    const widths = lengths(part(0, bins));
    const heights = lengths(part(bins, bins));
    const slopes: tf.Tensor3D = tf.add(tf.softplus(tf.add(part(2 * bins, bins - 1), SLOPE_OFFSET)), LEAST_SLOPE);
    const knots = (steps: tf.Tensor3D): tf.Tensor3D => tf.sub(tf.cumsum(steps, 2, true), bound);
    const [xs, ys] = [knots(widths), knots(heights)];
    const chosen = detached(() => tf.tidy(() => binOf(at, axis === 'x' ? xs : ys)));
    const pick = (values: tf.Tensor): tf.Tensor2D => tf.sum(tf.mul(values, chosen), 2);
    const [width, height] = [pick(widths), pick(heights)];
    return {
      x: pick(xs),
      y: pick(ys),
      width,
      height,
      mean: tf.div(height, width),
      left: pick(beside(slopes, [1, 0], 1)),
      right: pick(beside(slopes, [0, 1], 1)),
    };
  }
}

/** A bin: its left knot, its size, and the slopes: on average, at the left knot, at the right one. */
type Bin = Readonly<Record<'x' | 'y' | 'width' | 'height' | 'mean' | 'left' | 'right', tf.Tensor2D>>;

/** 1 for the bin of each entry, 0 for the others, [n × m × K], given the left knots. */
function binOf(at: tf.Tensor2D, knots: tf.Tensor3D): tf.Tensor3D {
  const [n, m, bins] = knots.shape;
  const inner = tf.slice(knots, [0, 0, 1], [n, m, bins - 1]);
  const isRight = tf.cast<tf.Tensor3D>(tf.greaterEqual(tf.expandDims(at, 2), inner), 'float32');
  return tf.sub(beside(isRight, [1, 0], 1), beside(isRight, [0, 1], 0));
}

/** `value` before or after the entries along the last axis. */
function beside(x: tf.Tensor3D, [before, after]: [number, number], value: number): tf.Tensor3D {
  return tf.pad<tf.Tensor3D>(
    x,
    [
      [0, 0],
      [0, 0],
      [before, after],
    ],
    value,
  );
}

/** δ₁ + δ₀ − 2s: 0 where the bin is straight. */
function bend({ left, right, mean }: Bin): tf.Tensor2D {
  return tf.sub(tf.add(left, right), tf.mul(mean, 2));
}

/** ξ(1 − ξ), the denominator s + bend·ξ(1 − ξ), and log ∂z/∂x. */
function slopeAt(share: tf.Tensor2D, bin: Bin) {
  const rest = tf.sub(1, share);
  const mixed = tf.mul(share, rest);
  const denominator = tf.add(bin.mean, tf.mul(bend(bin), mixed));
  const ends = tf.add(tf.mul(bin.right, tf.square(share)), tf.mul(bin.left, tf.square(rest)));
  const numerator = tf.add(ends, tf.mul(tf.mul(bin.mean, mixed), 2));
  const ratio = tf.div(bin.mean, denominator);
  const logSlope: tf.Tensor2D = tf.add(tf.log(numerator), tf.mul(tf.log(ratio), 2));
  return { mixed, denominator, logSlope };
}
