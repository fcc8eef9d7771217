import { at } from '@flowline/events';
/*
 * Scores with the `tensorflow` backend and with the reference, and prints both as JSON. It is a
 * separate program, because the native addon does not work with jest's module registry. If the
 * backend cannot run, it prints what is missing.
 */
import { Flow, glow, initBackend, Random, realNVP, StandardNormal } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { createScorer } from '../create-scorer.ts';
import { selectScorer } from '../select/select.ts';
import { errorInTolerances } from '../select/tolerance.ts';
import { normalRows, randomizeWeights } from './random-flow.ts';
import { backendEntry } from '../select/backend-table.ts';

const ROWS = 300;
const entry = backendEntry('tensorflow');
await initBackend('wasm');
const availability = await entry.probe({ threads: 1, offThread: false });
if (!availability.available) {
  process.stdout.write(JSON.stringify({ missing: availability.why }));
} else {
  await initBackend('wasm');
  const flows: Record<string, Flow> = {
    realNVP: realNVP({ features: 5, context: 2, layers: 4, hidden: [16, 16], seed: 1 }),
    glow: glow({ features: 4, layers: 3, hidden: [8], seed: 2 }),
  };
  const results: Record<string, unknown> = {};
  for (const [family, flow] of Object.entries(flows)) {
    // Moderate weights: far out, every tensor backend rounds more than the compiled ones.
    randomizeWeights(flow, 3, 0.5);
    const rows = normalRows(ROWS, flow.features + flow.context, new Random(4));
    rows[flow.features + flow.context] = NaN;
    const native = await createScorer([flow], { backend: 'tensorflow' });
    const reference = await createScorer([flow], { backend: 'reference' });
    const [scores, exact] = [await native.score(rows, ROWS), await reference.score(rows, ROWS)];
    const [gradient, slope] = [await native.gradient(rows, ROWS), await reference.gradient(rows, ROWS)];
    const off = gradient.map((value, i) => Math.abs(value - at(slope, i)) / (1 + Math.abs(at(slope, i))));
    results[family] = {
      worstError: Math.max(...exact.map((value, i) => errorInTolerances(at(scores, i), value))),
      nan: Number.isNaN(scores[1]),
      gradient: Math.max(...off.filter((value) => !Number.isNaN(value))),
    };
  }
  // Flow without a compiled form: TensorFlow is a candidate of `auto`, judged against the tensors
  // on WebAssembly.
  const doubled = {
    config: { type: 'doubled' },
    inverseCost: 'parallel' as const,
    forwardAndLogDet: (x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] => [
      tf.mul(x, 2),
      tf.fill([x.shape[0]], Math.log(4)),
    ],
    inverseAndLogDet: (z: tf.Tensor2D): [tf.Tensor2D, tf.Tensor1D] => [
      tf.mul(z, 0.5),
      tf.fill([z.shape[0]], -Math.log(4)),
    ],
    variables: new Map(),
    dispose: () => undefined,
  };
  const uncompiled = new Flow({
    family: 'doubled',
    features: 2,
    context: 0,
    base: new StandardNormal(2),
    bijector: doubled,
  });
  const { trials } = await selectScorer([uncompiled]);
  const trial = trials.find(({ backend }) => backend === 'tensorflow');
  process.stdout.write(JSON.stringify({ device: availability.device, results, trial }));
}
process.exit(0);
