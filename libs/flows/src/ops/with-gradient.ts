import * as tf from '@tensorflow/tfjs-core';

import { FlowError } from '../flow-error.ts';

/**
 * Value of an op, the tensors that its gradient needs, and that gradient: one tensor per input,
 * from dy and the saved tensors.
 */
export interface OpWithGradient<T extends tf.Tensor> {
  readonly value: T;
  readonly saved: readonly tf.Tensor[];
  readonly gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[];
}

/**
 * Runs an op with a hand-written gradient. Everything that `gradient` reads besides dy must be in
 * `saved` or outlive the call (variables, constants): other tensors made inside `forward` are
 * disposed when it returns.
 */
export function withGradient<T extends tf.Tensor>(inputs: readonly tf.Tensor[], forward: () => OpWithGradient<T>): T {
  // Without a tape no gradient is needed; skipping it makes scoring of few rows about a tenth
  // faster.
  if (!tf.engine().isTapeOn()) return tf.tidy(() => forward().value);
  const run = tf.customGrad<T>((...args) => {
    const save = args.at(-1);
    if (typeof save !== 'function') throw new FlowError('FLOWLINE_USAGE', 'customGrad passed no save function');
    const { value, saved, gradient } = forward();
    save([...saved]);
    return { value, gradFunc: (dy: T, kept: tf.Tensor[]) => [...gradient(dy, kept)] };
  });
  return run(...inputs);
}

/** The i-th saved tensor. */
export function savedTensor(saved: readonly tf.Tensor[], i: number): tf.Tensor {
  const tensor = saved[i];
  if (tensor === undefined) throw new FlowError('FLOWLINE_USAGE', `saved tensor ${i} is not there`);
  return tensor;
}
