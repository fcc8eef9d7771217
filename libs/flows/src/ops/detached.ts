import type * as tf from '@tensorflow/tfjs-core';

import { withGradient } from './with-gradient.ts';

/**
 * Result of `compute` as a constant: no gradient flows through it. `compute` may read any tensor.
 */
export function detached<T extends tf.Tensor>(compute: () => T): T {
  return withGradient<T>([], () => ({ value: compute(), saved: [], gradient: () => [] }));
}
