import { tf } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

/**
 * Gradient of −Σ weight·log p over n rows [x | context] with respect to the parameters of a flow,
 * in the order of `flow.variables`, by the tensor library's differentiation, in float32.
 */
export const tensorGradient = (flow: Flow, rows: Float32Array, n: number, weights: ArrayLike<number>): Float32Array =>
  tf.tidy(() => {
    const { features, context } = flow;
    const all = tf.tensor2d(rows, [n, features + context]);
    const x = tf.slice(all, [0, 0], [n, features]);
    const conditions = context === 0 ? undefined : tf.slice(all, [0, features], [n, context]);
    const weighted = tf.tensor1d(Float32Array.from(weights));
    const parameters = [...flow.variables.values()];
    const { grads } = tf.variableGrads(
      () => tf.neg<tf.Scalar>(tf.sum(tf.mul(flow.uncheckedLogProb(x, conditions), weighted))),
      parameters.map(({ value }) => value),
    );
    const gradient = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
    let start = 0;
    for (const { value, size } of parameters) {
      gradient.set(grads[value.name]?.dataSync() ?? new Float32Array(size), start);
      start += size;
    }
    return gradient;
  });
