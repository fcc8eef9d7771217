import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fit, iaf, initBackend, Random, realNVP } from '@flowline/flows';
import type { FitOptions, Flow, TrainingCheckpoint } from '@flowline/flows';

import { fitCompiled, whyNotTrained } from './compiled-training.ts';
import { flatValues } from '../testing/random-flow.ts';

const ROWS = 400;

/** Rows on a noisy half circle, with an independent third column. */
const rowsOf = (size: number, seed: number): { x: Float32Array; size: number } => {
  const random = new Random(seed);
  const x = new Float32Array(3 * size);
  for (let i = 0; i < size; i++) {
    const angle = Math.PI * random.uniform();
    x.set([Math.cos(angle) + 0.1 * random.normal(), Math.sin(angle) + 0.1 * random.normal(), random.normal()], 3 * i);
  }
  return { x, size };
};
const train = rowsOf(ROWS, 1);
const validation = rowsOf(80, 2);
const usual: FitOptions = { seed: 3, steps: 20, batchSize: 300, learningRate: 2e-3, validateEvery: 10 };
const noisy: FitOptions = {
  ...usual,
  robust: true,
  averaging: 0.9,
  noise: { gaussian: new Float32Array(3).fill(0.1) },
};

describe('compiled training', () => {
  const flows: Flow[] = [];
  const made = (): Flow => {
    const flow = realNVP({ features: 3, layers: 3, hidden: [16, 9], seed: 2 });
    flows.push(flow);
    return flow;
  };
  const weightsOf = async (data: Parameters<typeof fitCompiled>[1], options: Parameters<typeof fitCompiled>[2]) => {
    const flow = made();
    const report = await fitCompiled(flow, data, options);
    return { weights: [...flatValues(flow)], report };
  };
  beforeAll(() => initBackend('cpu'));
  afterAll(() => flows.forEach((flow) => flow.dispose()));

  it.each<[string, Partial<FitOptions>]>([
    ['plainly', {}],
    ['with the robust loss', { robust: true }],
    [
      'with decay, warm-up, clipping and averaging',
      { weightDecay: 0.1, warmupSteps: 10, clipNorm: 0.5, averaging: 0.9 },
    ],
  ])('follows tfjs %s', async (_name, more) => {
    const theirs = made();
    const compiled = await weightsOf({ train, validation }, { ...usual, ...more, threads: 1 });
    const reference = await fit(theirs, { train, validation }, { ...usual, ...more });
    compiled.report.curves.forEach(({ trainNll, validationNll }, i) => {
      expect(trainNll).toBeCloseTo(reference.curves[i]!.trainNll, 4);
      expect(validationNll).toBeCloseTo(reference.curves[i]!.validationNll, 4);
    });
    expect(compiled.report.trimmedShare).toBe(reference.trimmedShare);
    const expected = flatValues(theirs);
    compiled.weights.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3));
  });

  it.each([2, 3])('gives the weights of one thread on %d, bit for bit', async (threads) => {
    const one = await weightsOf({ train, validation }, { ...noisy, threads: 1 });
    const several = await weightsOf({ train, validation }, { ...noisy, threads });
    expect(several).toEqual(one);
  });

  it('resumed from any checkpoint gives the weights of an uninterrupted training, bit for bit', async () => {
    const checkpoints: TrainingCheckpoint[] = [];
    const options = { ...noisy, checkpointEvery: 7, threads: 2 };
    const onCheckpoint = (checkpoint: TrainingCheckpoint): void => void checkpoints.push(checkpoint);
    const whole = await weightsOf({ train, validation }, { ...options, onCheckpoint });
    expect(checkpoints.map(({ step }) => step)).toEqual([7, 14]);
    for (const { bytes } of checkpoints) {
      expect(await weightsOf({ train, validation }, { ...options, resume: bytes })).toEqual(whole);
    }
  });

  it('goes on from a checkpoint of tfjs, and tfjs from its own', async () => {
    const checkpoints: TrainingCheckpoint[] = [];
    const options = {
      ...usual,
      checkpointEvery: 10,
      onCheckpoint: (each: TrainingCheckpoint) => void checkpoints.push(each),
    };
    const [mine, theirs] = [made(), made()];
    await fit(mine, { train, validation }, options);
    const compiled = await weightsOf({ train, validation }, { ...options, resume: checkpoints.shift()!.bytes });
    await fit(theirs, { train, validation }, { ...usual, checkpointEvery: 10, resume: checkpoints.at(-2)!.bytes });
    const expected = flatValues(mine);
    compiled.weights.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3));
    [...flatValues(theirs)].forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3));
  });

  it('is cancelled within a step, with the weights of the best validation so far', async () => {
    const cancelled = new AbortController();
    const flow = made();
    const steps: number[] = [];
    const options: FitOptions = {
      ...noisy,
      steps: 100_000,
      signal: cancelled.signal,
      onProgress: ({ step }) => {
        steps.push(step);
        if (step === 40) cancelled.abort(new Error('enough'));
      },
    };
    await expect(fitCompiled(flow, { train, validation }, options)).rejects.toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_ABORTED',
        message: expect.stringMatching(/after 4\d of 100000 steps/),
      }),
    );
    expect(steps.at(-1)).toBe(40);
  });

  it('leaves the calling thread free', async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await weightsOf({ train, validation }, { ...usual, steps: 200, validateEvery: 200, threads: 1 });
    isOver = true;
    expect(turns).toBeGreaterThan(200);
  });

  it('skips steps whose loss is not finite, and counts them', async () => {
    const far = { x: train.x.slice(), size: ROWS };
    far.x[4] = 3e38;
    const flow = realNVP({ features: 3, layers: 2, hidden: [8], actNorm: false, seed: 2 });
    flows.push(flow);
    const report = await fitCompiled(flow, { train: far, validation }, usual);
    expect(report.skippedSteps).toBeGreaterThan(0);
    expect(report.skippedSteps).toBeLessThan(20);
    expect(Number.isFinite(report.bestValidationNll)).toBe(true);
  });

  it.each([0, -1, 1.5, NaN])('refuses %d threads', async (threads) => {
    const training = fitCompiled(made(), { train, validation }, { ...usual, threads });
    await expect(training).rejects.toMatchObject({ code: 'FLOWLINE_USAGE', where: 'fitCompiled.threads' });
  });

  it('says how much memory a batch needs that WebAssembly cannot address', async () => {
    const training = fitCompiled(made(), { train, validation }, { ...usual, batchSize: 400_000_000 });
    await expect(training).rejects.toThrow(/needs \d+ MiB/);
  });

  it('says what it does not train', async () => {
    const flow = iaf({ features: 2, seed: 1 });
    flows.push(flow);
    expect(whyNotTrained(flow)).toMatch(/sequential/);
    const rows = { x: new Float32Array(200), size: 100 };
    await expect(fitCompiled(flow, { train: rows, validation: rows }, usual)).rejects.toMatchObject({
      code: 'FLOWLINE_BACKEND_UNAVAILABLE',
    });
  });
});
