import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';

import { initBackend } from '../backend.ts';
import { realNVP } from '../families/real-nvp.ts';
import { logProbRows } from '../log-prob-rows.ts';
import { Random } from '../random.ts';
import type { Rows } from '../rows.ts';
import { meanOf, pairedDifference } from './estimate.ts';
import type { FlowCandidate } from './select-flow.ts';
import { selectFlow } from './select-flow.ts';

beforeAll(() => initBackend('wasm'));

/**
 * x_0 ~ N(0, 1), x_1 = curvature (x_0² − 1) + 0.5 ε: independent Gaussians if curvature is 0,
 * otherwise a banana.
 */
function rows(curvature: number, size: number, seed: number): Rows {
  const random = new Random(seed);
  const x = new Float32Array(2 * size);
  for (let i = 0; i < size; i++) {
    x[2 * i] = random.normal();
    x[2 * i + 1] = curvature * (x[2 * i]! ** 2 - 1) + 0.5 * random.normal();
  }
  return { x, size };
}

const dataOf = (curvature: number) => ({
  train: rows(curvature, 3000, 1),
  validation: rows(curvature, 500, 2),
  heldOut: rows(curvature, 1000, 3),
});

const gaussian: FlowCandidate = {
  name: 'gaussian',
  make: () => realNVP({ features: 2, layers: 0, finalAffine: true, seed: 1 }),
};
const small: FlowCandidate = {
  name: 'small',
  make: () => realNVP({ features: 2, layers: 2, hidden: [16], finalAffine: true, seed: 1 }),
};
const large: FlowCandidate = {
  name: 'large',
  make: () => realNVP({ features: 2, layers: 4, hidden: [32, 32], finalAffine: true, seed: 1 }),
};
const options = { seed: 1, steps: 150, learningRate: 0.02, batchSize: 128 };

describe('selectFlow', () => {
  it('chooses the simplest for independent Gaussians', async () => {
    const data = dataOf(0);
    const before = tf.memory().numTensors;
    const { flow, chosen, candidates, failed } = await selectFlow([small, gaussian], data, { ...options, steps: 300 });
    expect(chosen).toBe('gaussian');
    expect(failed).toEqual([]);
    expect(candidates).toHaveLength(2);
    expect(tf.memory().numTensors - before).toBe(flow.variables.size); // the others are disposed
    flow.dispose();
  });

  it('chooses a flow for a banana, and reports each candidate honestly', async () => {
    const data = dataOf(1);
    const seen = new Set<string>();
    const { flow, chosen, best, candidates } = await selectFlow([gaussian, small, large], data, {
      ...options,
      onProgress: (candidate) => seen.add(candidate),
    });
    expect(chosen).not.toBe('gaussian');
    expect([...seen]).toEqual(['gaussian', 'small', 'large']);
    expect(candidates.map(({ nll }) => nll.mean)).toEqual(
      [...candidates.map(({ nll }) => nll.mean)].sort((a, b) => a - b),
    );
    expect(candidates[0]).toMatchObject({ name: best, differenceToBest: { mean: 0, standardError: 0 } });
    const losses = (await logProbRows(flow, data.heldOut.x, data.heldOut.size)).map((logP) => -logP);
    const report = candidates.find(({ name }) => name === chosen)!;
    expect(report).toMatchObject({ nll: meanOf(losses), parameters: flow.parameterCount });
    expect(report.training.bestValidationNll).toBeCloseTo(report.nll.mean, 0);
    // The true NLL is the entropy of N(0, 1) plus that of N(·, 0.25).
    expect(Math.abs(report.nll.mean - (Math.log(2 * Math.PI * Math.E) + Math.log(0.5)))).toBeLessThan(0.15);
    const last = candidates.at(-1)!;
    expect(last.name).toBe('gaussian');
    expect(last.differenceToBest.mean).toBeGreaterThan(5 * last.differenceToBest.standardError);
    expect(last.differenceToBest.mean).toBeCloseTo(last.nll.mean - candidates[0]!.nll.mean, 9);
    flow.dispose();
  });

  it('takes a complex candidate only for more than one standard error', async () => {
    // Training with no effect leaves both flows at the identity: the same density, at different
    // sizes.
    const still = { fit: { steps: 1, learningRate: 1e-12 } };
    const plain = (name: string, hidden: number[]) => ({
      name,
      make: () => realNVP({ features: 2, layers: 1, hidden, actNorm: false, seed: 1 }),
      ...still,
    });
    const { flow, chosen } = await selectFlow([plain('wide', [64]), plain('narrow', [4])], dataOf(0), options);
    expect(chosen).toBe('narrow');
    flow.dispose();
  });

  it('goes on without a candidate that fails, and fails when all do', async () => {
    const broken: FlowCandidate = {
      name: 'broken',
      make: () => {
        const flow = realNVP({ features: 2, layers: 2, scaleBound: null, inputClip: null, actNorm: false, seed: 1 });
        for (const parameter of flow.variables.values()) parameter.assign(parameter.read().fill(1e30));
        return flow;
      },
    };
    const before = tf.memory().numTensors;
    const few = { ...options, steps: 5 };
    const { flow, failed } = await selectFlow([broken, gaussian], dataOf(0), few);
    expect(failed).toMatchObject([{ name: 'broken', error: { code: 'FLOWLINE_TRAINING_FAILED' } }]);
    flow.dispose();
    await expect(selectFlow([broken], dataOf(0), few)).rejects.toMatchObject({ code: 'FLOWLINE_TRAINING_FAILED' });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops when told to, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const selection = selectFlow([gaussian, small], dataOf(0), {
      ...options,
      signal: controller.signal,
      onProgress: (candidate) => {
        if (candidate === 'small') controller.abort();
      },
    });
    await expect(selection).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('compares conditional densities, and refuses what does not fit', async () => {
    const withContext = ({ x, size }: Rows): Rows => ({ x, size, context: new Float32Array(size).fill(1) });
    const { train, validation, heldOut } = dataOf(0);
    const conditional = {
      train: withContext(train),
      validation: withContext(validation),
      heldOut: withContext(heldOut),
    };
    const make = () => realNVP({ features: 2, context: 1, layers: 1, hidden: [4], seed: 1 });
    const few = { ...options, steps: 5 };
    const { flow } = await selectFlow([{ name: 'one', make }], conditional, few);
    flow.dispose();
    const refused = async (candidates: FlowCandidate[], held: Rows) =>
      selectFlow(candidates, { train, validation, heldOut: held }, few);
    await expect(refused([], heldOut)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    await expect(refused([gaussian, gaussian], heldOut)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
    await expect(refused([gaussian], rows(0, 1, 1))).rejects.toMatchObject({
      message: expect.stringMatching(/1 held-out/),
    });
    await expect(refused([gaussian], { ...heldOut, size: 7 })).rejects.toMatchObject({
      code: 'FLOWLINE_FEATURES_INVALID',
      where: 'heldOut.x',
    });
  });
});

describe('estimates', () => {
  it('are the textbook ones', () => {
    expect(meanOf(Float64Array.of(1, 2, 3, 6))).toEqual({ mean: 3, standardError: Math.sqrt(14 / 3 / 4) });
    expect(pairedDifference(Float64Array.of(11, 102), Float64Array.of(10, 100))).toEqual({
      mean: 1.5,
      standardError: 0.5,
    });
  });
});
