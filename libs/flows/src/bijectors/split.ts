import * as tf from '@tensorflow/tfjs-core';

import type { Bijector, BijectorConfig, BijectorFactory, InverseCost } from '../bijector.ts';
import { ConfigReader, unexpected } from '../config.ts';
import type { LinearMap } from '../ops/linear-map.ts';
import { columnScatter, columnSelection } from '../ops/linear-map.ts';
import type { NamedVariables } from '../parameter.ts';
import { checkOptions, checkValue } from '../options/check-options.ts';
import * as rules from '../options/config-rules.ts';
import { finiteNumber, required, whole } from '../options/rules.ts';

/** Configuration of a {@link Split}. */
export interface SplitConfig extends BijectorConfig {
  readonly type: 'split';
  /** Number of pixels per row, each with its channels side by side. */
  readonly pixels: number;
  readonly channels: number;
  /** Number of channels, counted from the first, that go on to the deeper bijector. */
  readonly kept: number;
  /** Bijector of the kept channels. */
  readonly bijector: BijectorConfig;
}

/**
 * Factoring out (Dinh et al., Real NVP, 2017): the first channels of every pixel pass through a
 * bijector, the deeper scales; the other channels are latents already. z is [output of the bijector
 * for the kept channels | other channels], with as many features as x; log|det| is that of the
 * bijector. The parameters are those of the bijector.
 */
export class Split implements Bijector {
  readonly inverseCost: InverseCost;
  readonly forwardCost: InverseCost;
  readonly variables: NamedVariables;
  readonly #shape: Pick<SplitConfig, 'pixels' | 'channels' | 'kept'>;
  readonly #deeper: Bijector;
  readonly #toKept: LinearMap;
  readonly #toOthers: LinearMap;
  readonly #fromKept: LinearMap;
  readonly #fromOthers: LinearMap;

  constructor(shape: Pick<SplitConfig, 'pixels' | 'channels' | 'kept'>, deeper: Bijector) {
    checkOptions<typeof shape>('split', shape, {
      pixels: required(whole(1)),
      channels: required(whole(1)),
      kept: required(finiteNumber),
    });
    checkValue('split.bijector', deeper, rules.bijector);
    const { channels, kept } = shape;
    if (kept < 1 || kept >= channels) throw unexpected('split.kept', kept, `from 1 to ${channels - 1} channels`);
    this.#shape = shape;
    this.#deeper = deeper;
    this.inverseCost = deeper.inverseCost;
    this.forwardCost = deeper.forwardCost ?? 'parallel';
    this.variables = deeper.variables;
    const all = Array.from({ length: channels }, (_, i) => i);
    const [first, rest] = [all.slice(0, kept), all.slice(kept)];
    this.#toKept = columnSelection(channels, first);
    this.#toOthers = columnSelection(channels, rest);
    this.#fromKept = columnScatter(first.length, 0, channels, first);
    this.#fromOthers = columnScatter(rest.length, 0, channels, rest);
  }

  /** Builds one, with its inner bijector, from its JSON configuration. */
  static readonly fromConfig: BijectorFactory = (json, random, build) => {
    const reader = new ConfigReader(json, 'split');
    const shape = {
      pixels: reader.integer('pixels', 1),
      channels: reader.integer('channels', 2),
      kept: reader.integer('kept', 1),
    };
    return new Split(shape, build(reader.field('bijector'), random));
  };

  get config(): SplitConfig {
    return { type: 'split', ...this.#shape, bijector: this.#deeper.config };
  }

  forwardAndLogDet(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const [kept, others] = this.#apart(x);
      const [z, logDet] = this.#deeper.forwardAndLogDet(kept, context, this.#keptOf(observed));
      return [tf.concat2d([z, others], 1), logDet];
    });
  }

  inverseAndLogDet(z: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] {
    return tf.tidy(() => {
      const { pixels, channels, kept } = this.#shape;
      const [n, features] = z.shape;
      const deep = tf.slice(z, [0, 0], [n, pixels * kept]);
      const others = tf.slice(z, [0, pixels * kept], [n, features - pixels * kept]);
      const [x, logDet] = this.#deeper.inverseAndLogDet(deep, context, this.#keptOf(observed));
      const together = tf.add(
        this.#fromKept.apply(tf.reshape(x, [n * pixels, kept])),
        this.#fromOthers.apply(tf.reshape(others, [n * pixels, channels - kept])),
      );
      return [tf.reshape(together, [n, features]), logDet];
    });
  }

  moveObserved(observed: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const [kept, others] = this.#apart(observed);
      return tf.concat2d([this.#deeper.moveObserved?.(kept) ?? kept, others], 1);
    });
  }

  initialize(x: tf.Tensor2D, context?: tf.Tensor2D, observed?: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const [kept, others] = this.#apart(x);
      const mask = this.#keptOf(observed);
      const z = this.#deeper.initialize?.(kept, context, mask) ?? this.#deeper.forwardAndLogDet(kept, context, mask)[0];
      return tf.concat2d([z, others], 1);
    });
  }

  #keptOf(observed: tf.Tensor2D | undefined): tf.Tensor2D | undefined {
    return observed === undefined ? undefined : this.#apart(observed)[0];
  }

  #apart(rows: tf.Tensor2D): [kept: tf.Tensor2D, others: tf.Tensor2D] {
    const [n] = rows.shape;
    const { pixels, channels } = this.#shape;
    const each = tf.reshape<tf.Rank.R2>(rows, [n * pixels, channels]);
    return [tf.reshape(this.#toKept.apply(each), [n, -1]), tf.reshape(this.#toOthers.apply(each), [n, -1])];
  }

  dispose(): void {
    for (const map of [this.#toKept, this.#toOthers, this.#fromKept, this.#fromOthers]) map.dispose();
    this.#deeper.dispose();
  }
}
