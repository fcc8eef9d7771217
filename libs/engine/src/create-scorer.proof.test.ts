import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ScoringBackend } from '@flowline/events';
import { initBackend, Random, realNVP } from '@flowline/flows';
import type { Flow } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { createScorer, type ScorerOptions } from './create-scorer.ts';
import { backendTable } from './select/backend-table.ts';
import { randomizeWeights, normalRows } from './testing/random-flow.ts';

// TensorFlow's addon and the GPU have their own tests, in processes of their own.
const backends = backendTable
  .filter((entry) => !['tensorflow', 'webgpu'].includes(entry.name) && entry.fingerprint() !== null)
  .map(({ name }) => name);

/** ONNX Runtime mistakes the arrays of a test for foreign ones on its thread, but not beside it. */
const optionsOf = (backend: ScoringBackend): ScorerOptions => ({ backend, offThread: backend === 'onnxruntime' });

describe('createScorer', () => {
  const flows: Flow[] = [];
  const rows = normalRows(9, 5, new Random(1));
  // Rows of two features and three context columns. The last column is the presence of feature 1.
  for (let i = 0; i < 9; i++) rows[i * 5 + 4] = i % 3 === 0 ? 0 : 1;

  beforeAll(async () => {
    await initBackend('wasm');
    for (const seed of [1, 2, 3]) {
      const flow = realNVP({
        features: 2,
        context: 3,
        layers: 4,
        hidden: [8],
        presence: [null, 2],
        finalAffine: true,
        activation: 'tanh',
        seed,
      });
      randomizeWeights(flow, seed);
      flows.push(flow);
    }
  });
  afterAll(() => flows.forEach((flow) => flow.dispose()));

  const direct = (flow: Flow): Float32Array =>
    tf.tidy(() => {
      const all = tf.tensor2d(rows, [9, 5]);
      return flow.logProb(tf.slice(all, [0, 0], [9, 2]), tf.slice(all, [0, 2], [9, 3])).dataSync<'float32'>();
    });

  it.each(backends)('%s scores what the flow says', async (backend) => {
    const [flow] = flows;
    const scorer = await createScorer(flow === undefined ? [] : [flow], optionsOf(backend));
    expect(scorer.name).toBe(backend);
    const scores = await scorer.score(rows, 9);
    direct(flow!).forEach((expected, i) => expect(scores[i]).toBeCloseTo(expected, 4));
    scorer.dispose();
  });

  it.each(backends)('%s: an ensemble is the equal mixture of its members', async (backend) => {
    const scorer = await createScorer(flows, optionsOf(backend));
    const scores = await scorer.score(rows, 9);
    const each = flows.map(direct);
    for (let i = 0; i < 9; i++) {
      const mean = each.reduce((sum, of) => sum + Math.exp(of[i]!), 0) / 3;
      expect(scores[i]).toBeCloseTo(Math.log(mean), 4);
    }
    // The latent is that of one member, and is a standard normal deviate under that member's
    // density.
    const latent = await scorer.latent(rows, 9);
    const memberLatents = await Promise.all(
      flows.map(async (flow) => (await createScorer([flow], optionsOf(backend))).latent(rows, 9)),
    );
    for (let i = 0; i < 9; i++) {
      const best = each.map((of) => of[i]!).reduce((best, value, m, all) => (value > all[best]! ? m : best), 0);
      expect([...latent.subarray(2 * i, 2 * i + 2)]).toEqual([...memberLatents[best]!.subarray(2 * i, 2 * i + 2)]);
    }
    scorer.dispose();
  });

  it.each(backends)('%s: the gradient is the slope of the score, and 0 for what is missing', async (backend) => {
    const scorer = await createScorer(flows, optionsOf(backend));
    const gradient = await scorer.gradient(rows, 9);
    const step = 1e-2;
    for (const feature of [0, 1]) {
      const [up, down] = await Promise.all(
        [step, -step].map((by) =>
          scorer.score(
            rows.map((value, i) => (i % 5 === feature ? value + by : value)),
            9,
          ),
        ),
      );
      for (let i = 0; i < 9; i++) {
        const slope = (up![i]! - down![i]!) / (2 * step);
        expect(gradient[2 * i + feature]).toBeCloseTo(slope, 1);
        if (feature === 1 && i % 3 === 0) expect(gradient[2 * i + feature]).toBe(0);
      }
    }
    scorer.dispose();
  });

  it.each(backends)('%s: NaN, infinities and what stands in the place of a missing value', async (backend) => {
    const scorer = await createScorer(flows, optionsOf(backend));
    const odd = rows.slice();
    odd[0 * 5 + 1] = NaN; // missing in row 0
    odd[1 * 5] = NaN;
    odd[2 * 5 + 1] = Infinity;
    odd[4 * 5 + 2] = -Infinity; // context
    odd[5 * 5] = 3e38;
    const [scores, plain, latent] = [
      await scorer.score(odd, 9),
      await scorer.score(rows, 9),
      await scorer.latent(odd, 9),
    ];
    expect(scores[0]).toBe(plain[0]);
    expect(scores[1]).toBeNaN();
    expect(scores[2]).toBe(-Infinity);
    expect(scores[4]).toBe(-Infinity);
    expect(scores[5]).toBeLessThan(-1e30);
    for (const i of [3, 6, 7, 8]) expect(scores[i]).toBe(plain[i]);
    expect(latent[1]).toBe(0);
    expect([...latent.subarray(2, 6)].every(Number.isNaN)).toBe(true);
    scorer.dispose();
  });

  it.each(backends)(
    '%s answers calls in order, and refuses rows that are too short and calls after dispose',
    async (backend) => {
      const scorer = await createScorer(flows, optionsOf(backend));
      const answered: number[] = [];
      await Promise.all(
        [9, 1, 4].map((n, call) => scorer.score(rows, n).then((scores) => answered.push(call * 10 + scores.length))),
      );
      expect(answered).toEqual([9, 11, 24]);
      await expect(scorer.score(rows, 10)).rejects.toMatchObject({ code: 'FLOWLINE_FEATURES_INVALID' });
      await expect(scorer.score(rows, 0)).resolves.toHaveLength(0);
      scorer.dispose();
      await expect(scorer.score(rows, 1)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    },
  );

  it.each(['wasm', 'wasm-pool'] as const)(
    '%s: the event loop has its turn before every part of the work, also of the first gradient',
    async (backend) => {
      let turns = 0;
      let counting = true;
      const next = (): void => {
        turns++;
        if (counting) setImmediate(next);
      };
      setImmediate(next);
      const scorer = await createScorer(flows, optionsOf(backend));
      // Lowering, validation, emission and kernel memory of each flow.
      expect(turns).toBeGreaterThanOrEqual(4 * flows.length);
      turns = 0;
      await scorer.gradient(rows, 9);
      expect(turns).toBeGreaterThanOrEqual(1);
      counting = false;
      scorer.dispose();
    },
  );

  it('needs a flow, and flows over the same rows', async () => {
    const other = realNVP({ features: 3, seed: 1 });
    await expect(createScorer([], { backend: 'tfjs-cpu' })).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    await expect(createScorer([...flows, other], { backend: 'tfjs-cpu' })).rejects.toMatchObject({
      code: 'FLOWLINE_USAGE',
    });
    other.dispose();
  });
});
