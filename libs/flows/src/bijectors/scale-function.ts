import * as tf from '@tensorflow/tfjs-core';

import type { ConfigReader } from '../config.ts';
import { unexpected } from '../config.ts';
import { squash } from '../ops/squash.ts';

const kinds = ['tanh', 'softsign', 'none'] as const;

/**
 * Function from a raw conditioner output r to a log-scale s. `bound` > 0 is the maximum |s| in
 * nats, null for `none`.
 */
export interface ScaleFunction {
  /** `tanh`: bound·tanh(r / bound). `softsign`: r / (1 + |r| / bound), as in zuko. `none`: r. */
  readonly kind: (typeof kinds)[number];
  readonly bound: number | null;
}

/** Reads a {@link ScaleFunction}. */
export function readScaleFunction(reader: ConfigReader): ScaleFunction {
  const kind = reader.oneOf('kind', kinds);
  const bound = reader.numberOrNull('bound');
  const valid = kind === 'none' ? bound === null : bound !== null && bound > 0;
  if (!valid) throw unexpected(reader.at('bound'), bound, kind === 'none' ? 'null' : 'a number above 0');
  return { kind, bound };
}

/**
 * Default scale function of the library: tanh with the given bound in nats, or unbounded for null.
 */
export function boundedBy(bound: number | null): ScaleFunction {
  return bound === null ? { kind: 'none', bound: null } : { kind: 'tanh', bound };
}

/** s(r), element by element. */
export function logScale(scale: ScaleFunction, raw: tf.Tensor2D): tf.Tensor2D {
  if (scale.bound === null) return raw;
  return scale.kind === 'tanh'
    ? squash(raw, scale.bound)
    : tf.div(raw, tf.add(tf.mul(tf.abs(raw), 1 / scale.bound), 1));
}
