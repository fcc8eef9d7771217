import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { initBackend, Random, realNVP, saveFlow } from '@flowline/flows';
import { fitEncoding, type FeatureTable } from '@flowline/features';
import type { ModelBundle } from '../bundle/bundle.ts';
import { fitCalibrationSet } from '../calibration/calibration-set.ts';
import { compareOnHeldOut } from './compare.ts';
import { noisyRows } from './noisy-rows.ts';

const schema: readonly FeatureSpec[] = ['x', 'y'].map((name) => ({
  name,
  type: 'real',
  from: name,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
}));

const normals = (size: number, seed: number, mean = 0, sd = 1): FeatureTable => {
  const random = new Random(seed);
  const numeric = Float64Array.from({ length: 2 * size }, () => mean + sd * random.normal());
  return { size, numeric, numericWidth: 2, levels: [], levelWidth: 0 };
};

/**
 * Model of the normal distribution that its encoding was fitted to: an untrained flow is the
 * identity.
 */
const modelOf = (trained: FeatureTable, features = schema, trimmedRows = 0): ModelBundle => {
  const encoding = fitEncoding(features, trained);
  const flow = realNVP({ features: 2, layers: 2, hidden: [4], actNorm: false, seed: 1 });
  const flows = [saveFlow(flow)];
  flow.dispose();
  // −log p of a standard normal pair is log 2π + an exponential variable, plus the log of the
  // scales.
  const random = new Random(3);
  const scale = encoding.scored.reduce((sum, dimension) => sum - Math.log(dimension.derivative(0)), 0);
  const scores = Float64Array.from(
    { length: 5000 },
    () => Math.log(2 * Math.PI) + scale - Math.log(1 - random.uniform()),
  );
  const part = { rows: trained.size, fromMs: null, toMs: null };
  return {
    metadata: {
      detector: 'd',
      family: 'realNVP',
      members: 1,
      seed: 1,
      data: 'clean',
      backend: 'tfjs-cpu',
      history: { train: part, validation: part, calibration: part, test: part },
      noise: {},
      heldOut: null,
      calibration: { trimmedRows, undefinedRows: 0 },
      libraries: {},
    },
    schema: features,
    lookups: {},
    entity: null,
    encoding,
    flows,
    calibration: fitCalibrationSet(scores, new Int32Array(5000), random),
    statistic: null,
  };
};

describe('compareOnHeldOut', () => {
  const heldOut = normals(2000, 9);
  const options = { backend: 'tfjs-cpu', alpha: 1e-2 } as const;
  beforeAll(() => initBackend('cpu'));

  it('finds no difference between a model and itself', async () => {
    const model = modelOf(normals(5000, 1));
    const result = await compareOnHeldOut(model, model, heldOut, options);
    expect(result).toMatchObject({ comparable: true, meanDifferenceNats: 0, standardError: 0, promote: true });
  });

  it('finds the closed-form difference of two normal laws, whichever is the challenger', async () => {
    const [narrow, wide] = [modelOf(normals(50_000, 1)), modelOf(normals(50_000, 2, 0, 1.5))];
    const better = await compareOnHeldOut(wide, narrow, heldOut, options);
    const worse = await compareOnHeldOut(narrow, wide, heldOut, options);
    // Rows of variance 1 and noise of 0.01·σ²: KL divergence of two normal distributions in two
    // dimensions, up to that noise.
    const expected = 2 * (Math.log(1.5) + 0.5 / 1.5 ** 2 - 0.5);
    for (const [result, sign] of [
      [better, 1],
      [worse, -1],
    ] as const) {
      if (!result.comparable) throw new Error(result.reason);
      expect(result.meanDifferenceNats * sign).toBeGreaterThan(expected - 4 * result.standardError - 0.02);
      expect(result.meanDifferenceNats * sign).toBeLessThan(expected + 4 * result.standardError + 0.02);
      expect(result.promote).toBe(sign === 1);
    }
    expect(better).toMatchObject({ notWorse: true });
    expect(worse).toMatchObject({ notWorse: false });
  });

  it('clips what one absurd row can say', async () => {
    const [narrow, wide] = [modelOf(normals(5000, 1)), modelOf(normals(5000, 2, 0, 1.2))];
    const absurd = { ...heldOut, numeric: Float64Array.from(heldOut.numeric) };
    absurd.numeric[0] = 1e9;
    const plain = await compareOnHeldOut(wide, narrow, heldOut, options);
    const withOne = await compareOnHeldOut(wide, narrow, absurd, options);
    if (!plain.comparable || !withOne.comparable) throw new Error('not comparable');
    expect(Math.abs(plain.meanDifferenceNats - withOne.meanDifferenceNats)).toBeLessThan((2 * 5.1) / 2000);
  });

  it('keeps a champion whose challenger would alarm too often', async () => {
    // The same density, calibrated as if scores were far smaller.
    const model = modelOf(normals(5000, 1));
    const { pooled } = model.calibration;
    const shifted = {
      ...pooled,
      scores: pooled.scores.map((score) => score - 4),
      tail: pooled.tail === null ? null : { ...pooled.tail, knots: pooled.tail.knots.map((knot) => knot - 4) },
    };
    const eager = { ...model, calibration: { pooled: shifted, byPattern: new Map([[0, shifted]]), missingNats: {} } };
    const result = await compareOnHeldOut(model, eager, heldOut, options);
    expect(result).toMatchObject({ comparable: true, notWorse: true, alarms: { inBounds: false }, promote: false });
    if (!result.comparable) throw new Error(result.reason);
    expect(result.alarms?.championRate).toBeLessThan(0.02);
    expect(result.alarms?.challengerRate).toBeGreaterThan(0.1);
    expect(result.reason).toMatch(/alarms too often/);
    // If the champion alarms as often, the events have changed, not the model.
    expect(await compareOnHeldOut(eager, eager, heldOut, options)).toMatchObject({ promote: true });
  });

  it('leaves out the rows that the champion may have seen, and compares nothing if few are left', async () => {
    const [champion, challenger] = [modelOf(normals(5000, 1)), modelOf(normals(5000, 2))];
    const { history } = champion.metadata;
    const calibration = { ...history.calibration, toMs: 499 };
    const seen = { ...champion, metadata: { ...champion.metadata, history: { ...history, calibration } } };
    const timesMs = Float64Array.from({ length: heldOut.size }, (_, row) => row);
    const result = await compareOnHeldOut(seen, challenger, heldOut, { ...options, timesMs });
    expect(result).toMatchObject({ comparable: true, rows: heldOut.size - 500 });
    const late = timesMs.map((time) => time - heldOut.size + 550);
    expect(await compareOnHeldOut(seen, challenger, heldOut, { ...options, timesMs: late })).toEqual({
      comparable: false,
      reason: 'only 50 of 2000 held-out rows are newer than those that it has seen',
    });
  });

  it('is less sure where rows repeat each other: the same 40 rows, 50 times each, one after the other', async () => {
    const [champion, challenger] = [modelOf(normals(5000, 1)), modelOf(normals(5000, 2, 0.5))];
    const repeated = (placeOf: (row: number) => number) => {
      const numeric = heldOut.numeric.map((_, cell) => heldOut.numeric[2 * placeOf(cell >> 1) + (cell & 1)]!);
      return compareOnHeldOut(champion, challenger, { ...heldOut, numeric }, options);
    };
    const together = await repeated((row) => Math.floor(row / 50));
    const apart = await repeated((row) => row % 40);
    if (!together.comparable || !apart.comparable) throw new Error('not comparable');
    expect(together.meanDifferenceNats).toBeCloseTo(apart.meanDifferenceNats, 1);
    // As few as there are independent ones: √50 times the error of 2,000.
    expect(together.standardError / apart.standardError).toBeGreaterThan(Math.sqrt(50) / 2);
    expect(together.standardError / apart.standardError).toBeLessThan(Math.sqrt(50) * 2);
  });

  it('gives both models the noise of each in turn', () => {
    const [narrow, wide] = [modelOf(normals(5000, 1)).encoding, modelOf(normals(5000, 2, 0, 10)).encoding];
    const { rows } = noisyRows(narrow, [narrow, wide], heldOut, new Random(1), 0);
    const plain = narrow.encode(heldOut).rows;
    const deviation = (parity: number): number => {
      const noise = [...rows].map((value, i) => value - plain[i]!).filter((_, i) => (i >> 1) % 2 === parity);
      return Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
    };
    expect(deviation(0)).toBeCloseTo(0.1, 2);
    expect(deviation(1)).toBeCloseTo(1, 1);
  });

  it('does not compare models of other columns, nor without rows', async () => {
    const model = modelOf(normals(500, 1));
    const other = modelOf(
      normals(500, 1),
      schema.map((spec) => ({ ...spec, name: `${spec.name}2` })),
    );
    expect(await compareOnHeldOut(model, other, heldOut)).toMatchObject({ comparable: false });
    expect(await compareOnHeldOut(model, model, normals(0, 1))).toMatchObject({ comparable: false });
  });
});
