import { expect } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { at } from '../at.ts';
import type { Bijector } from '../bijector.ts';
import { Flow } from '../flow.ts';
import { StandardNormal } from '../distributions/standard-normal.ts';
import type { ParityFile } from './parity.ts';
import { taken } from './mathematics.ts';

/** Tolerance for float32 values against their references. */
const TOLERANCE = 1e-4;

/**
 * Expects z, log-det and log p (if the file has it) of the reference rows, and the rows recovered
 * from z.
 */
export function expectParity(bijector: Bijector, reference: ParityFile): void {
  const x = tf.tensor2d(reference.x.map((row) => [...row]));
  const features = x.shape[1];
  const flow = new Flow({ family: 'reference', features, context: 0, base: new StandardNormal(features), bijector });
  const [z, logDet] = flow.bijector.forwardAndLogDet(x);
  const [back, inverseLogDet] = flow.bijector.inverseAndLogDet(tf.tensor2d(reference.z.map((row) => [...row])));
  expectClose(taken(z), reference.z.flat());
  expectClose(taken(logDet), reference.logAbsDet);
  expectClose(
    taken(inverseLogDet).map((value) => -value),
    reference.logAbsDet,
  );
  expectClose(taken(flow.logProb(x)), reference.logProb);
  expectClose(taken(back), reference.x.flat());
  flow.dispose();
}

/** Expects values within the tolerance of their references. */
export function expectClose(found: Float32Array, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  found.forEach((value, i) => expect(Math.abs(value - at(expected, i))).toBeLessThan(TOLERANCE));
}
