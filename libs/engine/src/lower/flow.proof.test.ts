import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Chain, Flow, iaf, initBackend, Permutation, Random, realNVP, StandardNormal } from '@flowline/flows';
import type { Bijector, RealNvpOptions } from '@flowline/flows';
import * as tf from '@tensorflow/tfjs-core';

import { lowerFlow, whyNotLowered } from './flow.ts';
import { interpret } from '../targets/reference/interpreter.ts';
import { familyCases } from '../testing/family-cases.ts';
import { presentRows, randomizeWeights } from '../testing/random-flow.ts';
import { validatePlan } from '../plan/validate-plan.ts';

describe('lowering', () => {
  const flows: Flow[] = [];
  const made = (flow: Flow): Flow => {
    flows.push(flow);
    return flow;
  };
  beforeAll(() => initBackend('cpu'));
  afterEach(() => flows.splice(0).forEach((flow) => flow.dispose()));

  const cases: readonly [string, Omit<RealNvpOptions, 'seed'>][] = [
    ['the defaults', { features: 5 }],
    ['one feature', { features: 1 }],
    ['one feature and context', { features: 1, context: 2, hidden: [6] }],
    ['no hidden layer', { features: 4, hidden: [] }],
    ['halves', { features: 5, partition: 'halves', hidden: [7, 9] }],
    ['random', { features: 6, partition: 'random', activation: 'elu' }],
    ['pairs, a final affine map, no ActNorm', { features: 7, partition: 'pairs', finalAffine: true, actNorm: false }],
    ['residual networks', { features: 6, hidden: [8, 8, 8], residual: true, activation: 'sigmoid' }],
    ['a residual around the first layer', { features: 6, hidden: [3, 3], residual: true, context: 2 }],
    ['separate networks', { features: 4, networks: 'separate', activation: 'leakyRelu', context: 1 }],
    ['an unbounded scale and no clip', { features: 4, scaleBound: null, inputClip: null, hidden: [5] }],
    ['missing values', { features: 4, context: 3, presence: [null, 0, 2, null], activation: 'tanh' }],
  ];

  it.each(cases)('Real NVP, %s: the plan is the flow', (_name, options) => {
    expectPlanOf(realNVP({ layers: 4, hidden: [8], ...options, seed: 5 }), options.scaleBound === null ? 0.3 : 1);
  });

  describe.each(familyCases)('$name: the plan is the flow', ({ make, size }) => {
    it.each([1, 2, 5])('in %d dimensions', (features) => expectPlanOf(make({ features, seed: 5 }), size));
    it('with a context', () => expectPlanOf(make({ features: 3, context: 2, seed: 5 }), size));
    it('with missing values', () =>
      expectPlanOf(make({ features: 4, context: 3, presence: [null, 0, 2, null], seed: 5 }), size));
  });

  const expectPlanOf = (flow: Flow, size: number): void => {
    made(flow);
    randomizeWeights(flow, 6, size);
    const n = 12;
    const width = flow.features + flow.context;
    const rows = presentRows(flow, n, new Random(7));
    const plan = lowerFlow(flow);
    validatePlan(plan);
    const [scores, latents] = tf.tidy(() => {
      const all = tf.tensor2d(rows, [n, width]);
      const x = tf.slice(all, [0, 0], [n, flow.features]);
      const context = flow.context === 0 ? undefined : tf.slice(all, [0, flow.features], [n, flow.context]);
      return [flow.logProb(x, context).dataSync(), flow.encode(x, context).dataSync()];
    });
    for (let i = 0; i < n; i++) {
      const { score, latent } = interpret(plan, rows.subarray(i * width, (i + 1) * width));
      expect(Math.abs(score - scores[i]!)).toBeLessThan(1e-4 + 2e-6 * Math.abs(score));
      latent.forEach((z, j) => expect(z).toBeCloseTo(latents[i * flow.features + j]!, 3));
    }
  };

  it('folds permutations and affine maps away', () => {
    const couplings = realNVP({ features: 3, layers: 2, hidden: [4], seed: 1 }).bijector;
    const order = [2, 0, 1];
    const flow = made(
      new Flow({
        family: 'test',
        features: 3,
        context: 0,
        base: new StandardNormal(3),
        bijector: new Chain([new Permutation({ type: 'permutation', order }), couplings]),
      }),
    );
    const plan = lowerFlow(flow);
    expect(plan.steps.map((step) => step.type)).toEqual(['transform', 'transform']);
    expect([...interpret(plan, [1, 2, 3]).latent]).toEqual([3, 1, 2]);
  });

  it('says what has no compiled form', () => {
    const unknown: Bijector = {
      config: { type: 'mystery' },
      inverseCost: 'parallel',
      forwardAndLogDet: (x) => [x, tf.zeros([x.shape[0]])],
      inverseAndLogDet: (z) => [z, tf.zeros([z.shape[0]])],
      variables: new Map(),
      dispose: () => undefined,
    };
    const flow = made(
      new Flow({
        family: 'test',
        features: 2,
        context: 0,
        base: new StandardNormal(2),
        bijector: new Chain([unknown]),
      }),
    );
    expect(whyNotLowered(flow)).toMatch(/mystery/);
    expect(() => lowerFlow(flow)).toThrow(expect.objectContaining({ code: 'FLOWLINE_BACKEND_UNAVAILABLE' }));
    expect(whyNotLowered(made(iaf({ features: 2, seed: 1 })))).toMatch(/inverted is sequential/);
    expect(whyNotLowered(made(realNVP({ features: 2, seed: 1 })))).toBeNull();
  });

  it('refuses weights that are not finite', () => {
    const flow = made(realNVP({ features: 2, seed: 1 }));
    flow.assign((_name, shape) => new Float32Array(shape.reduce((product, length) => product * length, 1)).fill(NaN));
    expect(() => lowerFlow(flow)).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' }));
  });
});
