import { at } from '@flowline/events';
import { Random } from '@flowline/flows';

import { rowOf } from '../matrix.ts';
import type { Baseline } from './baseline.ts';
import { Perceptron } from './perceptron.ts';

const HIDDEN = 64;
const [STEPS, BATCH, RATE, LEAST_RATE] = [1_000, 128, 2e-3, 0.01];
/** Frequencies of the embedding of a time: a sine and a cosine each. */
const FREQUENCIES = [1, 2, 4, 8];

/**
 * One-step flow matching (after TCCM, NeurIPS 2025): a network f(x, t) learns the vector −x by
 * which normal rows contract to the origin, and a row is scored once, by ‖f(x, 1) + x‖. A small one
 * of our own: two layers of 64, and 1,000 steps of Adam.
 */
export const contractionMatching: Baseline = {
  name: 'TCCM',
  fewestRows: 2,
  score({ train, test }, seed) {
    const random = new Random(seed);
    const width = train.columns + 2 * FREQUENCIES.length;
    const network = new Perceptron([width, HIDDEN, HIDDEN, train.columns], random);
    for (let step = 0; step < STEPS; step++) {
      const batch = Array.from({ length: BATCH }, () => {
        const x = rowOf(train, Math.floor(random.uniform() * train.rows));
        return [withTime(x, random.uniform()), x.map((value) => -value)] as const;
      });
      const cosine = (1 + Math.cos((Math.PI * step) / STEPS)) / 2;
      network.train(batch, RATE * (LEAST_RATE + (1 - LEAST_RATE) * cosine));
    }
    return Float64Array.from({ length: test.rows }, (_, row) => {
      const x = rowOf(test, row);
      return Math.sqrt(network.forward(withTime(x, 1)).reduce((sum, v, j) => sum + (v + at(x, j)) ** 2, 0));
    });
  },
};

function withTime(x: Float64Array, time: number): Float64Array {
  const input = new Float64Array(x.length + 2 * FREQUENCIES.length);
  input.set(x);
  for (const [i, frequency] of FREQUENCIES.entries()) {
    input[x.length + 2 * i] = Math.sin(frequency * time);
    input[x.length + 2 * i + 1] = Math.cos(frequency * time);
  }
  return input;
}
