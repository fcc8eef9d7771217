import * as tf from '@tensorflow/tfjs-core';

import { defineGradient } from './define.ts';
import { elementWiseGradients } from './element-wise.ts';
import { structuralGradients } from './structural.ts';

let registered = false;

/**
 * Registers the gradients of every kernel that flows use. The Node build of tfjs-core registers
 * none (they come only with the 141 MB umbrella package), so the library has its own, written for
 * few and fast kernels on wasm. Idempotent.
 */
export function registerGradients(): void {
  if (registered) return;
  registered = true;
  for (const definition of [...elementWiseGradients, ...structuralGradients]) defineGradient(definition);
  // The two kernels with several outputs: their dy is a list.
  tf.registerGradient({
    kernelName: tf.SplitV,
    gradFunc: (dy, _saved, attributes) => ({ x: () => tf.concat(asList(dy), Number(attributes.axis)) }),
  });
  tf.registerGradient({
    kernelName: tf.Unpack,
    gradFunc: (dy, _saved, attributes) => ({ value: () => tf.stack(asList(dy), Number(attributes.axis)) }),
  });
}

const asList = (dy: tf.Tensor | tf.Tensor[]): tf.Tensor[] => (Array.isArray(dy) ? dy : [dy]);
