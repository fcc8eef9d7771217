import { at } from '@flowline/events';
import { CLASSES, PIXELS } from './digits.ts';

/** Rows of 64 numbers, pixels or latents, with their labels. */
export interface Labelled {
  readonly x: Float32Array;
  readonly labels: Uint8Array;
}

const row = (x: Float32Array, i: number) => x.subarray(i * PIXELS, (i + 1) * PIXELS);

/** Share of test rows whose nearest training row (Euclidean) has the same label. */
export function nearestNeighbourAccuracy(train: Labelled, test: Labelled): number {
  const correct = test.labels.filter((label, i) => {
    const from = row(test.x, i);
    let [nearest, least] = [0, Infinity];
    for (let k = 0; k < train.labels.length; k++) {
      const distance = row(train.x, k).reduce((sum, value, j) => sum + (value - at(from, j)) ** 2, 0);
      if (distance < least) [nearest, least] = [k, distance];
    }
    return train.labels[nearest] === label;
  });
  return correct.length / test.labels.length;
}

const ITERATIONS = 300;
const RATE = 0.05;
const MOMENTUM = 0.9;
const DECAY = 1e-3;

/**
 * Share of test rows classified correctly by multinomial logistic regression, fitted to the
 * training rows with an L2 penalty.
 */
export function linearProbeAccuracy(train: Labelled, test: Labelled): number {
  const n = train.labels.length;
  const width = PIXELS + 1; // plus a bias
  const [weights, velocity] = [new Float64Array(CLASSES * width), new Float64Array(CLASSES * width)];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const gradient = weights.map((weight, k) => (k % width === PIXELS ? 0 : DECAY * weight));
    for (let i = 0; i < n; i++) {
      const x = row(train.x, i);
      const p = softmax(logits(weights, x));
      for (let c = 0; c < CLASSES; c++) {
        const error = (at(p, c) - (train.labels[i] === c ? 1 : 0)) / n;
        for (let j = 0; j < PIXELS; j++) gradient[c * width + j] = at(gradient, c * width + j) + error * at(x, j);
        gradient[c * width + PIXELS] = at(gradient, c * width + PIXELS) + error;
      }
    }
    for (let k = 0; k < weights.length; k++) {
      velocity[k] = MOMENTUM * at(velocity, k) - RATE * at(gradient, k);
      weights[k] = at(weights, k) + at(velocity, k);
    }
  }
  const correct = test.labels.filter((label, i) => {
    const scores = logits(weights, row(test.x, i));
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return correct.length / test.labels.length;
}

function logits(weights: Float64Array, x: Float32Array): Float64Array {
  const width = PIXELS + 1;
  return Float64Array.from({ length: CLASSES }, (_, c) => {
    let sum = at(weights, c * width + PIXELS);
    for (let j = 0; j < PIXELS; j++) sum += at(weights, c * width + j) * at(x, j);
    return sum;
  });
}

function softmax(scores: Float64Array): Float64Array {
  const top = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
