import * as tf from '@tensorflow/tfjs-core';

import { withGradient } from './with-gradient.ts';

const OFFSETS = [0, 1, 2] as const;

/**
 * 3 × 3 neighbourhood of every pixel, zeros beyond the border: [c × h × w × n] → [9c × h × w × n],
 * starting with the c channels of the upper left neighbour. A matrix times it is a 3 × 3
 * convolution. Images are the last axis, so that shifts copy whole lines.
 */
export function patches(images: tf.Tensor4D): tf.Tensor4D {
  return withGradient([images], () => ({
    value: neighbourhoods(images),
    saved: [],
    gradient: (dy: tf.Tensor4D) => [overlaps(dy)],
  }));
}

/**
 * Adjoint of {@link patches}, [9c × h × w × n] → [c × h × w × n]: adds each pixel's values for its
 * neighbours to those neighbours.
 */
export function spread(neighbours: tf.Tensor4D): tf.Tensor4D {
  return withGradient([neighbours], () => ({
    value: overlaps(neighbours),
    saved: [],
    gradient: (dy: tf.Tensor4D) => [neighbourhoods(dy)],
  }));
}

function neighbourhoods(images: tf.Tensor4D): tf.Tensor4D {
  const [c, h, w, n] = images.shape;
  const padded = bordered(images);
  return tf.concat4d(
    OFFSETS.flatMap((i) => OFFSETS.map((j) => tf.slice(padded, [0, i, j, 0], [c, h, w, n]))),
    0,
  );
}

function overlaps(neighbours: tf.Tensor4D): tf.Tensor4D {
  const [nineC, h, w, n] = neighbours.shape;
  const c = nineC / 9;
  const padded = bordered(neighbours);
  const parts = OFFSETS.flatMap((i) =>
    OFFSETS.map((j) => tf.slice(padded, [(3 * i + j) * c, 2 - i, 2 - j, 0], [c, h, w, n])),
  );
  return parts.reduce((sum, part) => tf.add(sum, part));
}

const bordered = (images: tf.Tensor4D): tf.Tensor4D =>
  tf.pad(images, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
