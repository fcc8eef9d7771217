import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Flow, initBackend, Random, realNVP, StandardNormal } from '@flowline/flows';
import type { Bijector } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { createScorer } from './create-scorer.ts';
import { selectScorer } from './select.ts';
import { normalRows, randomizeWeights } from './testing/random-flow.ts';
import { errorInTolerances } from './tolerance.ts';

describe('auto', () => {
  let flow: Flow;
  beforeAll(async () => {
    await initBackend('wasm');
    flow = realNVP({ features: 4, layers: 4, hidden: [16, 16], seed: 1 });
    randomizeWeights(flow, 2);
  });
  afterAll(() => flow.dispose());

  it('verifies and measures every candidate, and says what it chose and why', async () => {
    const { scorer, backend, reason, trials } = await selectScorer([flow], { threads: 2, batchSize: 300 });
    expect(trials.map((trial) => trial.backend)).toEqual(['wasm', 'wasm-pool']);
    for (const trial of trials) {
      expect(trial).toMatchObject({ usable: true, problem: null });
      expect(trial.worstError).toBeLessThanOrEqual(1);
      expect(trial.eventsPerSecond).toBeGreaterThan(1000);
    }
    expect(scorer.name).toBe(backend);
    expect(scorer.reason).toBe(reason);
    expect(reason).toMatch(
      /^wasm(-pool)?: at batch 300 wasm [\d,]+ events\/s.*wasm-pool \(2 threads\) [\d,]+ events\/s/,
    );
    scorer.dispose();
  });

  it('takes no other cores where there is one thread', async () => {
    const scorer = await createScorer([flow], { backend: 'auto', threads: 1 });
    expect(scorer.name).toBe('wasm');
    const rows = normalRows(50, 4, new Random(3));
    const reference = await createScorer([flow], { backend: 'reference' });
    const exact = await reference.score(rows, 50);
    const scores = await scorer.score(rows, 50);
    scores.forEach((score, i) => expect(errorInTolerances(score, exact[i]!)).toBeLessThanOrEqual(1));
    scorer.dispose();
  });

  it('scores flows without a compiled form through tensors, and says so', async () => {
    const twice: Bijector = {
      config: { type: 'twice' },
      inverseCost: 'parallel',
      forwardAndLogDet: (x) => [tf.mul(x, 2), tf.fill([x.shape[0]], Math.log(4))],
      inverseAndLogDet: (z) => [tf.mul(z, 0.5), tf.fill([z.shape[0]], -Math.log(4))],
      variables: new Map(),
      dispose: () => undefined,
    };
    const own = new Flow({ family: 'own', features: 2, context: 0, base: new StandardNormal(2), bijector: twice });
    const { scorer, backend, reason } = await selectScorer([own]);
    expect(backend).toBe('tfjs-wasm');
    expect(reason).toMatch(/twice has no compiled form/);
    const [score] = await scorer.score(Float32Array.of(0, 1), 1);
    expect(score).toBeCloseTo(Math.log(4) - Math.log(2 * Math.PI) - 2, 5);
    await expect(createScorer([own], { backend: 'wasm' })).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
    });
    scorer.dispose();
    own.dispose();
  });
});
