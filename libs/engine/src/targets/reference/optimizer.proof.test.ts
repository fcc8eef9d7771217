import { beforeAll, describe, expect, it } from '@jest/globals';
import { fit, GaussianMixture, initBackend, maf, Random } from '@flowline/flows';
import type { Flow } from '@flowline/flows';

import { Optimizer } from './optimizer.ts';
import { trainingGradient } from './training.ts';
import { lowerTraining } from '../../lower/training-plan.ts';
import { flatValues, presentRows, randomizeWeights } from '../../testing/random-flow.ts';
import { fitCompiled } from '../../training/compiled-training.ts';

const SIZE = 32;
const STEPS = 25;
const LEARNING_RATE = 0.02;

/** Flow without an ActNorm, which would set itself by the first batch. */
const smallFlow = (): Flow => {
  const [features, context, presence] = [3, 2, [null, 1, null]];
  const base = new GaussianMixture({ type: 'gaussianMixture', features, components: 2 }, new Random(1));
  const flow = maf({
    features,
    context,
    presence,
    layers: 2,
    hidden: [5],
    activation: 'tanh',
    actNorm: false,
    base,
    seed: 1,
  });
  randomizeWeights(flow, 2);
  return flow;
};

describe.each([
  ['fit', fit],
  ['fitCompiled', fitCompiled],
] as const)('the optimizer of the reference, and %s', (_name, train) => {
  beforeAll(() => initBackend('cpu'));

  it.each([
    { clipNorm: 1e9, weightDecay: 0, averaging: 0 },
    { clipNorm: 0.4, weightDecay: 0, averaging: 0 },
    { clipNorm: 1e9, weightDecay: 0.5, averaging: 0 },
    { clipNorm: 0.4, weightDecay: 0.5, averaging: 0.9 },
  ])('trains a flow as fit does, %j', async (options) => {
    const flow = smallFlow();
    const rows = presentRows(flow, SIZE, new Random(3));
    const plan = lowerTraining(flow);
    const before = flatValues(flow);
    const optimizer = new Optimizer(before, plan.decay, options);
    // A weight that the masks cut off has no effect: only fit lets it decay.
    const used = new Set<number>();
    for (let step = 0; step < STEPS; step++) {
      const { logP, gradient } = trainingGradient(plan, optimizer.values, rows, SIZE);
      gradient.forEach((value, i) => {
        if (value !== 0) used.add(i);
      });
      optimizer.step(-logP.reduce((sum, value) => sum + value / SIZE, 0), gradient, LEARNING_RATE);
    }
    await fitOnAll(train, flow, rows, options);
    const ofUsed = (values: Float64Array): Float64Array => values.filter((_, i) => used.has(i));
    const [expected, start] = [ofUsed(optimizer.averaged), ofUsed(before)];
    expect(distance(ofUsed(flatValues(flow)), expected)).toBeLessThan(1e-4 * distance(start, expected));
    flow.dispose();
  });

  it('takes no step whose loss or gradient is not finite', () => {
    const optimizer = new Optimizer([1, 2], Uint8Array.of(1, 0), { clipNorm: 5, weightDecay: 0.1, averaging: 0.5 });
    optimizer.step(NaN, Float64Array.of(1, 1), 0.1);
    optimizer.step(1, Float64Array.of(1, Infinity), 0.1);
    expect([...optimizer.values, ...optimizer.averaged]).toEqual([1, 2, 1, 2]);
  });
});

/** Trains a flow on all rows at every step. It ends with the averaged parameters. */
const fitOnAll = async (
  train: typeof fit,
  flow: Flow,
  rows: Float32Array,
  options: { readonly clipNorm: number; readonly weightDecay: number; readonly averaging: number },
): Promise<void> => {
  const width = flow.features + flow.context;
  const columns = (from: number, to: number): Float32Array =>
    rows.filter((_, i) => i % width >= from && i % width < to);
  const all = { x: columns(0, flow.features), context: columns(flow.features, width), size: SIZE };
  // Each row of a stream comes once per epoch: a batch of its size has every row.
  const epoch = async function* () {
    yield await Promise.resolve(all);
  };
  await train(
    flow,
    { train: epoch, validation: all },
    {
      seed: 1,
      steps: STEPS,
      batchSize: SIZE,
      learningRate: LEARNING_RATE,
      finalLearningRateFraction: 1,
      validateEvery: STEPS,
      ...options,
    },
  );
};

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
