import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { realNVP } from '../families/real-nvp.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { Random } from '../random.ts';
import { mixtureLogDensity, mixtureRows } from '../testing/data.ts';
import { fit } from './fit.ts';
import type { Rows } from '../rows.ts';
import type { FitProgress } from './options.ts';

const data = { train: mixtureRows(3000, 1), validation: mixtureRows(500, 2) };
const small = (seed = 1) => realNVP({ features: 2, layers: 2, hidden: [8], seed });
const normals = (size: number, d: number, seed: number): Rows => ({ x: new Random(seed).normals(size * d), size });

beforeAll(() => initBackend('wasm'));

describe('fit', () => {
  it('comes within 0.05 nats of a known density, and reports honestly', async () => {
    const flow = realNVP({
      features: 2,
      layers: 6,
      hidden: [24, 24],
      partition: 'pairs',
      actNorm: false,
      finalAffine: true,
      seed: 3,
    });
    const seen: FitProgress[] = [];
    const report = await fit(flow, data, {
      seed: 1,
      steps: 300,
      batchSize: 192,
      learningRate: 5e-3,
      validateEvery: 50,
      onProgress: (progress) => seen.push(progress),
    });
    const test = mixtureRows(3000, 9);
    const logP = await logProbRows(flow, test.x, test.size);
    const gaps = logP.map((value, i) => mixtureLogDensity(test.x[2 * i]!, test.x[2 * i + 1]!) - value);
    expect(gaps.reduce((sum, gap) => sum + gap, 0) / test.size).toBeLessThan(0.05);
    expect(report.curves.map(({ step }) => step)).toEqual(report.curves.map((_, i) => 50 * (i + 1)));
    expect(seen.map(({ step }) => step)).toEqual(report.curves.map(({ step }) => step));
    expect(report.bestValidationNll).toBe(Math.min(...report.curves.map(({ validationNll }) => validationNll)));
    expect(report.skippedSteps).toBe(0);
    expect(report.trimmedShare).toBe(0);
    // The flow holds the best weights: its validation NLL without noise equals that of the report.
    const held = await logProbRows(flow, data.validation.x, data.validation.size);
    expect(-held.reduce((sum, value) => sum + value, 0) / held.length).toBeCloseTo(report.bestValidationNll, 4);
  });

  it('gives the same weights bit for bit for the same seed, and others for another', async () => {
    const trained = async (seed: number) => {
      const flow = small();
      const noise = { gaussian: Float32Array.of(0.1, 0), uniform: Float32Array.of(0, 0.2) };
      await fit(flow, data, { seed, steps: 30, validateEvery: 10, noise, weightDecay: 1e-3, warmupSteps: 5 });
      return saveFlow(flow);
    };
    const bytes = await trained(1);
    expect(await trained(1)).toEqual(bytes);
    expect(await trained(2)).not.toEqual(bytes);
  });

  it('leaks no tensor over a hundred steps', async () => {
    const flow = small();
    await fit(flow, data, { seed: 1, steps: 2 });
    const before = tf.memory().numTensors;
    await fit(flow, data, { seed: 1, steps: 100, batchSize: 32, validateEvery: 25 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is not broken by constant features and duplicate rows', async () => {
    const flow = realNVP({ features: 3, layers: 3, hidden: [16], seed: 1 });
    const x = Float32Array.from({ length: 900 }, (_, k) =>
      k % 3 === 0 ? 2 : k % 3 === 1 ? Math.floor(k / 3) % 2 : 0.5,
    );
    const rows = { x, size: 300 };
    const report = await fit(flow, { train: rows, validation: rows }, { seed: 1, steps: 60, learningRate: 1e-2 });
    expect(report.skippedSteps).toBe(0);
    expect(Number.isFinite(report.bestValidationNll)).toBe(true);
    const logP = await logProbRows(flow, Float32Array.of(2, 1, 0.5, 0, 0, 0, 1e4, -1e4, 1e4), 3);
    expect(logP.every((value) => Number.isFinite(value))).toBe(true);
    expect(logP[0]).toBeGreaterThan(logP[2]!);
  });

  it('learns the noisy density: noise of sigma 1 doubles the variance of a standard normal', async () => {
    const flow = realNVP({ features: 1, layers: 0, finalAffine: true, seed: 1 });
    const rows = { train: normals(4000, 1, 1), validation: normals(1000, 1, 2) };
    const trained = async (noise: { gaussian?: Float32Array; uniform?: Float32Array }) => {
      await fit(flow, rows, { seed: 1, steps: 150, learningRate: 0.1, noise });
      const scale = flow.variables.get('bijector/elementWiseAffine0/logScale')!.read()[0]!;
      return Math.exp(-2 * scale);
    };
    expect(Math.abs((await trained({ gaussian: Float32Array.of(1) })) - 2)).toBeLessThan(0.15);
    expect(Math.abs((await trained({ uniform: Float32Array.of(6) })) - 4)).toBeLessThan(0.3);
  });

  it('ignores outliers when asked to, and says how many', async () => {
    const contaminated: Rows = {
      x: normals(2000, 1, 1).x.map((value, i) => (i % 20 === 0 ? 15 + value : value)),
      size: 2000,
    };
    const rows = { train: contaminated, validation: { x: contaminated.x.slice(0, 400), size: 400 } };
    const centre = async (robust: boolean) => {
      const flow = realNVP({ features: 1, layers: 0, finalAffine: true, seed: 1 });
      const report = await fit(flow, rows, { seed: 1, steps: 150, learningRate: 0.1, robust });
      const [scale, shift] = ['logScale', 'shift'].map(
        (name) => flow.variables.get(`bijector/elementWiseAffine0/${name}`)!.read()[0]!,
      );
      return { mean: -shift! / Math.exp(scale!), deviation: Math.exp(-scale!), trimmed: report.trimmedShare };
    };
    const robust = await centre(true);
    expect(Math.abs(robust.mean)).toBeLessThan(0.12);
    expect(Math.abs(robust.deviation - 1)).toBeLessThan(0.12);
    expect(Math.abs(robust.trimmed - 0.05)).toBeLessThan(0.03);
    const plain = await centre(false);
    expect(plain.mean).toBeGreaterThan(0.5);
    expect(plain.trimmed).toBe(0);
  });

  it('trains with random masking: the density of a row without the masked feature is its marginal', async () => {
    // x_1 = x_0 + 0.3 ε: the marginals are N(0, 1) and N(0, 1.09).
    const random = new Random(8);
    const size = 4000;
    const x = new Float32Array(2 * size);
    for (let i = 0; i < size; i++) {
      x[2 * i] = random.normal();
      x[2 * i + 1] = x[2 * i]! + 0.3 * random.normal();
    }
    const rows = { x, context: new Float32Array(size).fill(1), size };
    const flow = realNVP({
      features: 2,
      context: 1,
      layers: 2,
      hidden: [16],
      presence: [0, null],
      actNorm: false,
      finalAffine: true,
      seed: 1,
    });
    await fit(
      flow,
      { train: rows, validation: rows },
      { seed: 1, steps: 200, learningRate: 0.02, masking: { features: [0], probability: 0.5 } },
    );
    const logNormal = (value: number, variance: number) =>
      -0.5 * (Math.log(2 * Math.PI * variance) + (value * value) / variance);
    for (const value of [-1.5, 0, 0.8]) {
      const [missing, both] = await logProbRows(flow, Float32Array.of(99, value, 0, 0.2, value, 1), 2);
      expect(Math.abs(missing! - logNormal(value, 1.09))).toBeLessThan(0.15);
      if (value !== -1.5) expect(Math.abs(both! - logNormal(0.2, 1) - logNormal(value - 0.2, 0.09))).toBeLessThan(0.4);
    }
  });

  it('stops early when validation no longer improves, and keeps the best weights', async () => {
    const train = normals(20, 2, 1);
    const report = await fit(
      realNVP({ features: 2, layers: 2, hidden: [32], seed: 1 }),
      { train, validation: normals(200, 2, 2) },
      { seed: 1, steps: 2000, learningRate: 0.01, validateEvery: 10, patience: 3 },
    );
    expect(report.stoppedEarly).toBe(true);
    expect(report.steps).toBe(report.bestStep + 30);
  });

  it('can be cancelled, and then holds finite weights', async () => {
    const flow = small();
    const controller = new AbortController();
    const training = fit(flow, data, {
      seed: 1,
      steps: 10_000,
      patience: 10_000,
      validateEvery: 10,
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step >= 30) controller.abort();
      },
    });
    await expect(training).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    const logP = await logProbRows(flow, data.validation.x, data.validation.size);
    expect(logP.every((value) => Number.isFinite(value))).toBe(true);
  });

  it('lets the event loop run', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await fit(small(), data, { seed: 1, steps: 150 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });

  it('skips and counts steps whose gradient is not finite, and fails when nothing was', async () => {
    const flow = realNVP({
      features: 2,
      layers: 2,
      hidden: [8],
      scaleBound: null,
      inputClip: null,
      actNorm: false,
      seed: 1,
    });
    for (const parameter of flow.variables.values()) parameter.assign(parameter.read().fill(1e30));
    await expect(fit(flow, data, { seed: 1, steps: 20, validateEvery: 10 })).rejects.toMatchObject({
      code: 'FLOWLINE_TRAINING_FAILED',
    });
  });

  it.each([
    [
      'a wrong length',
      { train: { x: new Float32Array(5), size: 3 }, validation: data.validation },
      {},
      'FLOWLINE_FEATURES_INVALID',
      /5 values, expected 3 × 2/,
    ],
    [
      'NaN',
      { train: { x: Float32Array.of(1, Number.NaN), size: 1 }, validation: data.validation },
      {},
      'FLOWLINE_FEATURES_INVALID',
      /row 0, column 1/,
    ],
    [
      'an undeclared context',
      { train: { ...data.train, context: new Float32Array(3000) }, validation: data.validation },
      {},
      'FLOWLINE_FEATURES_INVALID',
      /expected 3000 × 0/,
    ],
    ['no rows', { train: data.train, validation: { x: new Float32Array(), size: 0 } }, {}, 'FLOWLINE_USAGE', /found 0/],
    ['a negative rate', data, { learningRate: -1 }, 'FLOWLINE_USAGE', /found -1/],
    [
      'noise of a wrong length',
      data,
      { noise: { gaussian: Float32Array.of(1) } },
      'FLOWLINE_FEATURES_INVALID',
      /1 × 2/,
    ],
    [
      'masking of a feature that is always there',
      data,
      { masking: { features: [0], probability: 0.1 } },
      'FLOWLINE_USAGE',
      /presence/,
    ],
  ])('refuses %s', async (_name, rows, options, code, message) => {
    const training = fit(small(), rows, { seed: 1, steps: 10, ...options });
    await expect(training).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
