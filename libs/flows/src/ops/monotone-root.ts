import * as tf from '@tensorflow/tfjs-core';

import { detached } from './detached.ts';

/** A bracket halves at least every second step: far more steps than float32 has digits. */
const MOST_STEPS = 60;
/** The search ends when no entry moved by more than this share of 1 + |x|: one more Newton step then reaches float32's last digits. */
const TOLERANCE = 1e-5;

/** A function that increases in each entry of x on its own: its values and its derivatives, both of the shape of x. */
export type Increasing = (x: tf.Tensor2D) => { readonly value: tf.Tensor2D; readonly slope: tf.Tensor2D };

/**
 * The x in [low, high] with f(x) = target, entry by entry: Newton's method, and bisection wherever it would leave the bracket or be
 * slow. The bracket must hold the root; the shapes of target, low and high are the same.
 *
 * Gradients are those of the implicit function theorem, ∂x/∂target = 1 / f′ and ∂x/∂θ = −f_θ / f′: nothing is differentiated through
 * the search.
 */
export function monotoneRoot(f: Increasing, target: tf.Tensor2D, low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D {
  return polished(
    f,
    target,
    detached(() => tf.tidy(() => search(f, target, low, high))),
  );
}

/** A Newton step from a constant that solves f(x) = target already: a little more exact, and with the gradients of the solution. */
export function polished(f: Increasing, target: tf.Tensor2D, root: tf.Tensor2D): tf.Tensor2D {
  const slope = detached(() => tf.tidy(() => f(root).slope));
  return tf.add(root, tf.div(tf.sub(target, f(root).value), slope));
}

function search(f: Increasing, target: tf.Tensor2D, low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D {
  let [x, from, to, moved] = [midpoint(low, high), low, high, tf.sub<tf.Tensor2D>(high, low)];
  for (let i = 0; i < MOST_STEPS; i++) {
    [x, from, to, moved] = tf.tidy(() => step(f, target, x, from, to, moved));
    const largest = tf.tidy(() => tf.max(tf.div(moved, tolerated(x))).dataSync()[0] ?? 0);
    if (!(largest > 1)) break;
  }
  return x;
}

/** The next x, its bracket, and how far it moved. */
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
  // An entry that has arrived stays: its steps are rounding errors, which do not halve.
  const isFast = tf.lessEqual(tf.abs(change), tf.maximum(tf.mul(moved, 0.5), tolerated(x)));
  const next = tf.where<tf.Tensor2D>(tf.logicalAnd(isInside, isFast), newton, midpoint(from, to));
  const result: [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] = [next, from, to, tf.abs(tf.sub(next, x))];
  return result;
}

const tolerated = (x: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(tf.abs(x), 1), TOLERANCE);

const midpoint = (low: tf.Tensor2D, high: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.add(low, high), 0.5);
