import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from '../flow-error.ts';
import type { TransformerParameters } from './transformer.ts';

/** Parameters laid out feature by feature: [n × m × p]. */
export function featureMajor(parameters: tf.Tensor3D): TransformerParameters {
  const [n, m] = parameters.shape;
  return {
    part: (i) => tf.reshape<tf.Rank.R2>(tf.slice(parameters, [0, 0, i], [n, m, 1]), [n, m]),
    all: () => parameters,
  };
}

/**
 * Parameters laid out one after another, [n × p·m]: the first of every feature, then the second of
 * every feature, ….
 */
export function parameterMajor(parameters: tf.Tensor2D, m: number): TransformerParameters {
  const [n, width] = parameters.shape;
  return {
    part: (i) => tf.slice(parameters, [0, i * m], [n, m]),
    all: () => tf.transpose(tf.reshape<tf.Rank.R3>(parameters, [n, width / m, m]), [0, 2, 1]),
  };
}

/** Parameters with a separate tensor [n × m] each. */
export function inParts(parts: readonly tf.Tensor2D[]): TransformerParameters {
  return {
    part: (i) => {
      const part = parts[i];
      if (part === undefined) throw new FlowError('FLOWLINE_USAGE', `parameter ${i} is not there`);
      return part;
    },
    all: () =>
      tf.concat3d(
        parts.map((part) => tf.expandDims<tf.Tensor3D>(part, 2)),
        2,
      ),
  };
}

/** Parameters with zeros for the features of each row where the mask [n × m] is 0. */
export function zeroedWhere(parameters: TransformerParameters, mask: tf.Tensor2D | undefined): TransformerParameters {
  if (mask === undefined) return parameters;
  return {
    part: (i) => tf.mul(parameters.part(i), mask),
    all: () => tf.mul(parameters.all(), tf.expandDims(mask, 2)),
  };
}
