import { beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { realNVP } from '../families/real-nvp.ts';
import type { Flow } from '../flow.ts';
import { Random } from '../random.ts';
import { rowsWithMissing } from '../testing/interruptible-training.ts';
import { fit } from './fit.ts';
import { rowWeights, winsorisedNll } from './robust.ts';

beforeAll(() => initBackend('wasm'));

type RowsOfTwo = ReturnType<typeof rowsWithMissing>;

const made = () => realNVP({ features: 2, context: 1, presence: [0, null], layers: 2, hidden: [8], seed: 1 });
const train = rowsWithMissing(300, 1);
const validation = rowsWithMissing(1100, 2);
const gaussian = Float32Array.of(0.1, 0.05);
const uniform = Float32Array.of(0, 0.2);
const options = {
  ...{ seed: 5, steps: 12, batchSize: 33, learningRate: 0.02, warmupSteps: 5, finalLearningRateFraction: 0.1 },
  ...{ weightDecay: 0.1, averaging: 0.9, clipNorm: 1, robust: true, validateEvery: 12 },
};
const masked = 0.3;

/** Adds noise, then hides the first feature of some rows: column by column, in this order. */
function perturb({ x, context, size }: RowsOfTwo, random: Random): void {
  for (const column of [0, 1]) {
    for (let row = 0; row < size; row++) {
      let noise = gaussian[column]! * random.normal();
      if (column === 1) noise += uniform[1]! * (random.uniform() - 0.5);
      x[2 * row + column]! += noise;
    }
  }
  for (let row = 0; row < size; row++) {
    if (random.uniform() < masked) x[2 * row] = context[row] = 0;
  }
}

/** Draws a batch: first its rows, then its noise. */
function batchOf(size: number, random: Random): RowsOfTwo {
  const rows = Array.from({ length: size }, () => random.integer(train.size));
  const batch = {
    x: Float32Array.from(rows.flatMap((row) => [...train.x.subarray(2 * row, 2 * row + 2)])),
    context: Float32Array.from(rows, (row) => train.context[row]!),
    size,
  };
  perturb(batch, random);
  return batch;
}

const logProb = (flow: Flow, { x, context, size }: RowsOfTwo) =>
  flow.uncheckedLogProb(tf.tensor2d(x, [size, 2]), tf.tensor2d(context, [size, 1]));

/** Values of a parameter in training. */
interface Trained {
  readonly value: Float32Array;
  readonly average: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const zeros = (size: number) => new Float32Array(size);

/** AdamW on clipped gradients, and the moving average. Steps count from 0. */
function move(flow: Flow, states: Map<string, Trained>, gradients: Map<string, Float32Array>, step: number): void {
  const { steps, learningRate, warmupSteps, finalLearningRateFraction: floor, weightDecay, averaging } = options;
  let squares = 0;
  for (const gradient of gradients.values()) for (const g of gradient) squares += g * g;
  const norm = Math.sqrt(squares);
  const clip = norm > options.clipNorm ? options.clipNorm / norm : 1;
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  const rate = learningRate * Math.min(1, (step + 1) / warmupSteps) * (floor + (1 - floor) * cosine);
  const share = 1 - Math.min(averaging, (1 + step) / (10 + step));
  for (const [name, { value, average, first, second }] of states) {
    const decay = rate * weightDecay * (flow.variables.get(name)!.decay ? 1 : 0);
    for (const [i, g] of gradients.get(name)!.entries()) {
      const m = 0.9 * first[i]! + (1 - 0.9) * (g * clip);
      const v = 0.999 * second[i]! + (1 - 0.999) * (g * clip) * (g * clip);
      [first[i], second[i]] = [m, v];
      const scale = Math.sqrt(v * (1 / (1 - 0.999 ** (step + 1)))) + 1e-8;
      value[i] = value[i]! - value[i]! * decay - ((rate / (1 - 0.9 ** (step + 1))) * m) / scale;
      average[i] = average[i]! + share * (value[i] - average[i]!);
    }
  }
}

it('fit gives the weights of its definition, bit for bit: every draw and every sum is in its place', async () => {
  const flow = made();
  const random = new Random(options.seed).fork('batches');
  const first = batchOf(2048, random);
  flow.initialize(tf.tensor2d(first.x, [2048, 2]), tf.tensor2d(first.context, [2048, 1]));
  const states = new Map<string, Trained>();
  for (const [name, parameter] of flow.variables) {
    const value = parameter.read();
    states.set(name, { value, average: value.slice(), first: zeros(value.length), second: zeros(value.length) });
  }
  for (let step = 0; step < options.steps; step++) {
    const batch = batchOf(options.batchSize, random);
    const { grads } = tf.variableGrads(() => {
      const logP = logProb(flow, batch);
      const { weights } = rowWeights(new Float32Array(logP.dataSync()), options.robust);
      return tf.neg<tf.Scalar>(tf.sum(tf.mul(logP, tf.tensor1d(weights))));
    });
    const gradients = new Map<string, Float32Array>();
    for (const [name, { value, size }] of flow.variables) {
      gradients.set(name, new Float32Array(grads[value.name]?.dataSync() ?? zeros(size)));
    }
    move(flow, states, gradients, step);
    flow.assign((name) => states.get(name)!.value.slice());
  }
  flow.assign((name) => states.get(name)!.average);

  const trained = made();
  const masking = { features: [0], probability: masked };
  const report = await fit(trained, { train, validation }, { ...options, noise: { gaussian, uniform }, masking });
  for (const [name, parameter] of trained.variables) {
    expect([name, parameter.read()]).toEqual([name, flow.variables.get(name)!.read()]);
  }
  expect(report.bestValidationNll).toBe(validationNll(trained));
});

/** NLL of the validation rows, whose noise is drawn 1,024 rows at once. */
function validationNll(flow: Flow): number {
  const random = new Random(options.seed).fork('validation');
  const logP = [0, 1024].flatMap((from) => {
    const to = Math.min(validation.size, from + 1024);
    const rows = {
      x: validation.x.slice(2 * from, 2 * to),
      context: validation.context.slice(from, to),
      size: to - from,
    };
    perturb(rows, random);
    return [...logProb(flow, rows).dataSync()];
  });
  return winsorisedNll(Float32Array.from(logP));
}
