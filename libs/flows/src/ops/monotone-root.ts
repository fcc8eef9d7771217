import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import { detached } from './detached.ts';

/**
 * Maximum number of steps. A bracket halves at least every second step, so this exceeds the
 * precision of float32 by far.
 */
const MOST_STEPS = 60;
/**
 * The search ends once no entry moves by more than this share of 1 + |x|; one more Newton step then
 * reaches the last digits of float32.
 */
const TOLERANCE = 1e-5;

/**
 * A function that increases in each entry of x separately: its values and derivatives, both of the
 * shape of x.
 */
export type Increasing = (x: tf.Tensor2D) => { readonly value: tf.Tensor2D; readonly slope: tf.Tensor2D };

/**
 * Solves f(x) = target for x in [low, high], entry by entry: Newton's method, with bisection
 * wherever Newton would leave the bracket or be slow. The bracket must contain the root; target,
 * low and high have the same shape.
 *
 * Gradients follow from the implicit function theorem, ∂x/∂target = 1 / f′ and ∂x/∂θ = −f_θ / f′;
 * the search itself is not differentiated.
 */
export function monotoneRoot(f: Increasing, target: tf.Tensor2D, low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D {
  return polished(
    f,
    target,
    detached(() => tf.tidy(() => search(f, target, low, high))),
  );
}

/**
 * Newton step from a constant that already solves f(x) = target: slightly more exact, and with the
 * gradients of the solution.
 */
export function polished(f: Increasing, target: tf.Tensor2D, root: tf.Tensor2D): tf.Tensor2D {
  const slope = detached(() => tf.tidy(() => f(root).slope));
  return tf.add(root, tf.div(tf.sub(target, f(root).value), slope));
}

function search(f: Increasing, target: tf.Tensor2D, low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D {
  let [x, from, to, moved] = [midpoint(low, high), low, high, tf.sub<tf.Tensor2D>(high, low)];
  for (let i = 0; i < MOST_STEPS; i++) {
    [x, from, to, moved] = tf.tidy(() => step(f, target, x, from, to, moved));
    const largest = tf.tidy(() => at(tf.max(tf.div(moved, tolerated(x))).dataSync(), 0));
    if (!(largest > 1)) break;
  }
  return x;
}

/** Next x, its bracket, and the distance moved. */
function step(
  f: Increasing,
  target: tf.Tensor2D,
  x: tf.Tensor2D,
  low: tf.Tensor2D,
  high: tf.Tensor2D,
  moved: tf.Tensor2D,
) {
  const { value, slope } = f(x);
  const excess = tf.sub<tf.Tensor2D>(value, target);
  const isAbove = tf.greater(excess, 0);
  const from = tf.where<tf.Tensor2D>(isAbove, low, x);
  const to = tf.where<tf.Tensor2D>(isAbove, x, high);
  const change = tf.div<tf.Tensor2D>(excess, slope);
  const newton = tf.sub<tf.Tensor2D>(x, change);
  const isInside = tf.logicalAnd(tf.greaterEqual(newton, from), tf.lessEqual(newton, to));
  // A converged entry stays: its steps are rounding errors, which do not halve.
  const isFast = tf.lessEqual(tf.abs(change), tf.maximum(tf.mul(moved, 0.5), tolerated(x)));
  const next = tf.where<tf.Tensor2D>(tf.logicalAnd(isInside, isFast), newton, midpoint(from, to));
  const result: [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] = [next, from, to, tf.abs(tf.sub(next, x))];
  return result;
}

const tolerated = (x: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(tf.abs(x), 1), TOLERANCE);

const midpoint = (low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(low, high), 0.5);
