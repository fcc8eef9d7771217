import * as tf from '@tensorflow/tfjs-core';

import type { ConfigReader } from '../config.ts';
import { unexpected } from '../config.ts';
import { squash } from '../ops/squash.ts';

const kinds = ['tanh', 'softsign', 'none'] as const;

/** How a raw conditioner output r becomes a log-scale s; `bound` > 0 in nats is the largest |s|, null for `none`. */
export interface ScaleFunction {
  /** `tanh`: bound·tanh(r / bound). `softsign`: r / (1 + |r| / bound), which is zuko's. `none`: r. */
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

/** The library's scale: tanh with that bound in nats, or unbounded for null. */
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
