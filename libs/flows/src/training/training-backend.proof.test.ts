import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';

import { initBackend } from '../backend.ts';
import { saveFlow } from '../checkpoint.ts';
import { realNVP } from '../families/real-nvp.ts';
import type { Flow } from '../flow.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import type { AffineTrainingOptions } from '../testing/affine-training.ts';
import { affineTraining } from '../testing/affine-training.ts';
import { fit, fitWith } from './fit.ts';
import type { FitData } from './fit-data.ts';
import type { FitOptions, FitProgress, FitReport, TrainingCheckpoint } from './options.ts';
import { learningRateAt } from './schedule.ts';
import type { NextBatch, StepResult, TrainingBackend, TrainingSession } from './training-backend.ts';

beforeAll(() => initBackend('wasm'));

/** z = x·exp(s) + t, of one feature that may be missing. */
const affine = () => realNVP({ features: 1, context: 1, presence: [0], layers: 0, finalAffine: true, seed: 1 });

/** Rows from N(3, 4), of which a tenth are missing. */
function rowsOf(size: number, seed: number): Rows & { readonly context: Float32Array } {
  const random = new Random(seed);
  const context = Float32Array.from({ length: size }, () => (random.uniform() < 0.1 ? 0 : 1));
  return { x: context.map((isThere) => isThere * (3 + 2 * random.normal())), context, size };
}

const train = rowsOf(200, 1);
const validation = rowsOf(60, 2);
const kinds: Record<'memory' | 'lookup' | 'stream', FitData['train']> = {
  memory: train,
  lookup: {
    size: train.size,
    rowsAt: (indices) => {
      const of = (values: Float32Array) => Float32Array.from(indices, (row) => values[row]!);
      return { x: of(train.x), context: of(train.context), size: indices.length };
    },
  },
  stream: async function* () {
    for (let from = 0; from < train.size; from += 70) {
      await Promise.resolve();
      const of = (values: Float32Array) => values.slice(from, from + 70);
      yield { x: of(train.x), context: of(train.context), size: Math.min(70, train.size - from) };
    }
  },
};

const usual: FitOptions = {
  seed: 4,
  steps: 60,
  batchSize: 16,
  shuffleRows: 50,
  learningRate: 0.1,
  averaging: 0.9,
  clipNorm: 0.5,
  robust: true,
  validateEvery: 20,
};
const perturbed: FitOptions = {
  ...usual,
  noise: { gaussian: Float32Array.of(0.3) },
  masking: { features: [0], probability: 0.2 },
};

/** Report, and bytes of the flow. */
async function trainedBy(
  backend: TrainingBackend | undefined,
  data: FitData,
  options: FitOptions,
): Promise<{ readonly report: FitReport; readonly bytes: Uint8Array }> {
  const flow = affine();
  const report = await (backend === undefined ? fit(flow, data, options) : fitWith(backend, flow, data, options));
  const bytes = saveFlow(flow);
  flow.dispose();
  return { report, bytes };
}

/** Weights s and t of a trained flow. */
async function weightsBy(backend: TrainingBackend | undefined, data: FitData, options: FitOptions): Promise<number[]> {
  const flow = affine();
  await (backend === undefined ? fit(flow, data, options) : fitWith(backend, flow, data, options));
  return weightsOf(flow);
}

function weightsOf(flow: Flow): number[] {
  const weights = [...flow.variables.values()].map((parameter) => parameter.read()[0]!);
  flow.dispose();
  return weights;
}

/** Backend whose sessions are changed. */
const changed = (change: (session: TrainingSession) => Partial<TrainingSession>): TrainingBackend => ({
  name: 'changed',
  open: async (task) => {
    const session = await affineTraining().open(task);
    return {
      steps: (first, count, next) => session.steps(first, count, next),
      validationLogProb: () => session.validationLogProb(),
      state: () => session.state(),
      dispose: () => session.dispose(),
      ...change(session),
    };
  },
});

describe('a training backend', () => {
  it.each(['memory', 'lookup', 'stream'] as const)('gets the batches that tfjs gets, of rows in %s', async (kind) => {
    const data = { train: kinds[kind], validation };
    const [ours, theirs] = [await trainedBy(affineTraining(), data, usual), await trainedBy(undefined, data, usual)];
    expect(ours.report.curves).toHaveLength(3);
    ours.report.curves.forEach(({ step, trainNll, validationNll }, i) => {
      expect(theirs.report.curves[i]!.step).toBe(step);
      expect(theirs.report.curves[i]!.trainNll).toBeCloseTo(trainNll, 4);
      expect(theirs.report.curves[i]!.validationNll).toBeCloseTo(validationNll, 4);
    });
    expect(ours.report.trimmedShare).toBe(theirs.report.trimmedShare);
    const weights = await weightsBy(affineTraining(), data, usual);
    (await weightsBy(undefined, data, usual)).forEach((weight, i) => expect(weights[i]).toBeCloseTo(weight, 4));
  });

  it('needs no density of tfjs, and leaks no tensor', async () => {
    const flow = affine();
    const before = tf.memory().numTensors;
    Object.assign(flow, {
      uncheckedLogProb: () => {
        throw new Error('a density of tfjs');
      },
    });
    const report = await fitWith(affineTraining(), flow, { train, validation }, perturbed);
    expect(report.bestValidationNll).toBeLessThan(2.2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes steps up to the next validation, report or checkpoint, and closes', async () => {
    const asked: number[][] = [];
    let disposed = 0;
    const backend = changed((session) => ({
      steps: (first, count, next) => {
        asked.push([first, count]);
        return session.steps(first, count, next);
      },
      dispose: () => Promise.resolve(void (disposed += 1)),
    }));
    const options = { ...usual, steps: 70, validateEvery: 40 };
    await fitWith(backend, affine(), { train, validation }, options);
    expect(asked.splice(0)).toEqual([[0, 40], [40, 10], [50, 20]]); // prettier-ignore
    const onCheckpoint = (): void => undefined;
    await fitWith(backend, affine(), { train, validation }, { ...options, checkpointEvery: 30, onCheckpoint });
    expect(asked).toEqual([[0, 30], [30, 10], [40, 10], [50, 10], [60, 10]]); // prettier-ignore
    expect(disposed).toBe(2);
  });

  it('has its progress reported: rate, norm and mean loss of the last steps', async () => {
    const results: StepResult[] = [];
    const backend = changed((session) => ({
      steps: async (first, count, next) => {
        const some = await session.steps(first, count, next);
        results.push(...some);
        return some;
      },
    }));
    const seen: FitProgress[] = [];
    const onProgress = (progress: FitProgress) => void seen.push(progress);
    await fitWith(backend, affine(), { train, validation }, { ...usual, warmupSteps: 30, onProgress });
    expect(seen.map(({ step }) => step)).toEqual([20, 40, 50, 60]);
    for (const { step, learningRate, gradientNorm, trainNll } of seen) {
      const schedule = { steps: 60, learningRate: 0.1, warmupSteps: 30, finalLearningRateFraction: 0 };
      expect(learningRate).toBe(learningRateAt(step - 1, schedule));
      expect(gradientNorm).toBe(results[step - 1]!.gradientNorm);
      const recent = results.slice(Math.floor((step - 1) / 20) * 20, step);
      expect(trainNll).toBe(recent.reduce((sum, { nll }) => sum + nll, 0) / recent.length);
    }
  });

  it('ends with the weights of the best validation when it stops early', async () => {
    const flow = affine();
    const report = await fitWith(affineTraining(), flow, { train: rowsOf(12, 3), validation }, {
      ...usual,
      steps: 2000,
      averaging: 0,
      robust: false,
      validateEvery: 10,
      patience: 3,
    }); // prettier-ignore
    expect(report.stoppedEarly).toBe(true);
    expect(report.steps).toBe(report.bestStep + 30);
    const logP = await logProbRows(flow, validation);
    expect(-logP.reduce((sum, value) => sum + value, 0) / logP.length).toBeCloseTo(report.bestValidationNll, 5);
    flow.dispose();
  });

  it('has its skipped steps counted, as many as tfjs skips', async () => {
    const data = { train: { ...train, x: train.x.map((value, i) => (i % 50 === 0 ? 3e38 : value)) }, validation };
    const options = { ...usual, robust: false };
    const [{ report }, theirs] = [
      await trainedBy(affineTraining({ ahead: 3 }), data, options),
      await trainedBy(undefined, data, options),
    ];
    expect(report.skippedSteps).toBeGreaterThan(5);
    expect(report.skippedSteps).toBeLessThan(60);
    expect(report.skippedSteps).toBe(theirs.report.skippedSteps);
    expect(Number.isFinite(report.bestValidationNll)).toBe(true);
  });
});

describe('a training by any backend', () => {
  it('that is cancelled at any step, ahead of which batches were drawn, goes on from its checkpoint', async () => {
    const whole = new Map<string, unknown>();
    for (const kind of ['memory', 'lookup', 'stream'] as const) {
      whole.set(kind, await trainedBy(affineTraining(), { train: kinds[kind], validation }, perturbed));
    }
    const interruptions = fc.record({
      kind: fc.constantFrom('memory', 'lookup', 'stream'),
      at: fc.array(fc.integer({ min: 0, max: 58 }), { minLength: 1, maxLength: 3 }),
      ahead: fc.integer({ min: 1, max: 9 }),
      drops: fc.boolean(),
    });
    const property = fc.asyncProperty(interruptions, async ({ kind, at, ahead, drops }) => {
      const data = { train: kinds[kind], validation };
      let resume: Uint8Array | undefined;
      for (const step of at.sort((a, b) => a - b)) {
        resume = (await cancelledAfter(step, data, { ahead, drops }, resume)) ?? resume;
      }
      const rest = resume === undefined ? {} : { resume };
      expect(await trainedBy(affineTraining({ ahead }), data, { ...perturbed, ...rest })).toEqual(whole.get(kind));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it('continues from the checkpoint of another backend', async () => {
    const data = { train, validation };
    const backends = [affineTraining({ ahead: 4 }), undefined] as const;
    for (const [first, second] of [backends, backends.toReversed()] as const) {
      const checkpoints: TrainingCheckpoint[] = [];
      const onCheckpoint = (each: TrainingCheckpoint) => void checkpoints.push(each);
      const whole = await trainedBy(first, data, { ...usual, onCheckpoint });
      expect(checkpoints.map(({ step }) => step)).toEqual([20, 40, 60]);
      // At the end, there is nothing left to do.
      expect(await trainedBy(second, data, { ...usual, resume: checkpoints[2]!.bytes })).toEqual(whole);
      const weights = await weightsBy(first, data, usual);
      const continued = await weightsBy(second, data, { ...usual, resume: checkpoints[0]!.bytes });
      weights.forEach((weight, i) => expect(continued[i]).toBeCloseTo(weight, 4));
    }
  });

  it('is cancelled before its first step and while it waits for rows', async () => {
    const signal = AbortSignal.abort();
    await expect(trainedBy(affineTraining(), { train, validation }, { ...usual, signal })).rejects.toMatchObject({
      code: 'FLOWLINE_ABORTED',
    });
    const stop = new AbortController();
    const stalls = async function* () {
      yield* Array.from({ length: 60 }, () => train);
      setImmediate(() => stop.abort());
      await new Promise(() => undefined);
    };
    const checkpoints: number[] = [];
    const options = { ...usual, steps: 2000, patience: 2000, validateEvery: 500, signal: stop.signal };
    const waiting = trainedBy(affineTraining({ ahead: 3 }), { train: stalls, validation }, {
      ...options,
      onCheckpoint: ({ step }) => void checkpoints.push(step),
    }); // prettier-ignore
    await expect(waiting).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    // 12,000 rows: 2,048 for initialisation, up to 50 in the shuffle buffer, 16 a step.
    expect(checkpoints.at(-1)).toBe(Math.floor((12_000 - 2048 - 49) / 16));
  });

  it('reports what is wrong with a chunk, and closes the session', async () => {
    let disposed = 0;
    const backend = changed(() => ({ dispose: () => Promise.resolve(void (disposed += 1)) }));
    const broken = async function* () {
      await Promise.resolve();
      yield* Array.from({ length: 20 }, () => train);
      yield { ...train, x: train.x.map(() => Number.NaN) };
    };
    await expect(trainedBy(backend, { train: broken, validation }, { ...usual, steps: 500 })).rejects.toMatchObject({
      code: 'FLOWLINE_FEATURES_INVALID',
      message: expect.stringMatching(/NaN in row 0/),
    });
    expect(disposed).toBe(1);
  });

  it.each<[string, (session: TrainingSession) => Partial<TrainingSession>, object]>([
    [
      'takes fewer steps than it was asked for',
      (session) => ({ steps: (first, count, next) => session.steps(first, count - 1, next) }),
      { code: 'FLOWLINE_TRAINING_FAILED', message: 'the training backend changed took 19 steps, expected 20' },
    ],
    [
      'draws more batches than there are steps',
      (session) => ({ steps: (first, count, next) => session.steps(first, count + 1, next) }),
      { name: 'RangeError', message: 'a batch beyond the 20 of these steps' },
    ],
    [
      'has no place for the rows',
      (session) => ({
        steps: (first, count, next) => {
          const short: NextBatch = ({ x, context }) => next({ x: x.subarray(1), context });
          return session.steps(first, count, short);
        },
      }),
      { name: 'RangeError', message: 'a batch target of 15 and 16 values for 16 × 1 and 1' },
    ],
  ])('fails if the backend %s', async (_name, change, error) => {
    await expect(trainedBy(changed(change), { train, validation }, usual)).rejects.toMatchObject(error);
  });
});

/** Cancels a training after a step, and returns its checkpoint; undefined if it ended before. */
async function cancelledAfter(
  step: number,
  data: FitData,
  behaviour: AffineTrainingOptions,
  resume: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  const stop = new AbortController();
  const onStep = (done: number) => {
    if (done === step) stop.abort();
  };
  const handedOut: TrainingCheckpoint[] = [];
  const options = {
    ...perturbed,
    signal: stop.signal,
    checkpointEvery: 1000,
    onCheckpoint: (each: TrainingCheckpoint) => void handedOut.push(each),
    ...(resume === undefined ? {} : { resume }),
  };
  const error = await trainedBy(affineTraining({ ...behaviour, onStep }), data, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return undefined;
  expect(error).toMatchObject({ code: 'FLOWLINE_ABORTED' });
  expect(handedOut).toHaveLength(1);
  expect(handedOut[0]!.step).toBeGreaterThan(step);
  return handedOut[0]!.bytes;
}
