// Measures a flow's unsupervised representation of digits: nearest neighbours and a linear probe,
// on its latents and on pixels.
//   npx tsx --conditions=flowline:source examples/representation/main.ts \
//     [--steps N] [--draws N] [--json]
import { parseArgs } from 'node:util';

import { fit, initBackend, overPixels, Random, realNVP } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';
import { at } from '@flowline/events';

import type { Labelled } from './classify.ts';
import { linearProbeAccuracy, nearestNeighbourAccuracy } from './classify.ts';
import type { Digits } from './digits.ts';
import { CLASSES, PIXELS, readDigits } from './digits.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1500' },
    draws: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});

await initBackend('wasm');
const { train, validation, test } = readDigits();
const flow = overPixels(realNVP({ features: PIXELS, layers: 8, hidden: [128, 128], partition: 'pairs', seed: 1 }), 17);
const report = await fit(
  flow,
  { train: { x: train.x, size: train.size }, validation: { x: validation.x, size: validation.size } },
  {
    seed: 1,
    steps: Number(values.steps),
    batchSize: 128,
    noise: { uniform: new Float32Array(PIXELS).fill(1) },
    onProgress: ({ step, validationNll }) => {
      if (validationNll !== null) console.error(`step ${step}: validation NLL ${validationNll.toFixed(1)} nats`);
    },
  },
);

const latents = ({ x, size }: Digits): Float32Array =>
  tf.tidy(() => Float32Array.from(flow.encode(tf.tensor2d(x, [size, PIXELS])).dataSync()));
const representations = { pixels: ({ x }: Digits) => x, latents };
const rows = Object.entries(representations).flatMap(([representation, of]) => {
  const scale = scalingOf(of(train));
  const known = { x: scale(of(train)), labels: train.labels };
  const unseen = { x: scale(of(test)), labels: test.labels };
  return [1, 5, 20, null].map((labelsPerClass) => {
    const draws = labelsPerClass === null ? 1 : Number(values.draws);
    const subsets = Array.from({ length: draws }, (_, draw) => fewLabels(known, labelsPerClass, draw));
    const mean = (accuracy: (train: Labelled, test: Labelled) => number) =>
      subsets.reduce((sum, subset) => sum + accuracy(subset, unseen), 0) / draws;
    return {
      representation,
      labelsPerClass,
      nearestNeighbour: mean(nearestNeighbourAccuracy),
      linearProbe: mean(linearProbeAccuracy),
    };
  });
});

if (values.json) console.log(JSON.stringify({ steps: report.steps, rows }));
else console.table(rows);

/**
 * Scaling fitted to the training rows: it centres each column and divides all by one deviation, so
 * that distances keep their meaning and the probe its step size.
 */
function scalingOf(x: Float32Array): (x: Float32Array) => Float32Array {
  const means = new Float64Array(PIXELS);
  x.forEach((value, k) => (means[k % PIXELS] = at(means, k % PIXELS) + (value * PIXELS) / x.length));
  const centred = (value: number, k: number) => value - at(means, k % PIXELS);
  const deviation = Math.sqrt(x.reduce((sum, value, k) => sum + centred(value, k) ** 2, 0) / x.length);
  return (all) => all.map((value, k) => centred(value, k) / deviation);
}

/** Draws `perClass` rows of each class at random; null: all rows. */
function fewLabels(all: Labelled, perClass: number | null, draw: number): Labelled {
  if (perClass === null) return all;
  const order = [...new Random(100 + draw).permutation(all.labels.length)];
  const chosen = Array.from({ length: CLASSES }, (_, c) => order.filter((i) => all.labels[i] === c).slice(0, perClass));
  const kept = chosen.flat();
  return {
    x: Float32Array.from(kept.flatMap((i) => [...all.x.subarray(i * PIXELS, (i + 1) * PIXELS)])),
    labels: Uint8Array.from(kept, (i) => at(all.labels, i)),
  };
}
