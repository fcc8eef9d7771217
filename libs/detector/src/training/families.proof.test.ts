import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { exportOnnx } from '../bundle/export-onnx.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import { splitByTime } from '../history/split-by-time.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

beforeAll(() => initBackend('wasm'));

const feature = (name: string, nullable = false): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable, maxLevels: 64, period: null },
});
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema: [feature('x'), feature('y')], lookups: {}, family: 'gaussian', seed: 1, members: 1 },
  ...{ data: 'clean', alpha: 0.05 },
};
const NOISE = 0.1;

/** Rows of two numbers. */
const tableOf = (rows: readonly (readonly number[])[]): FeatureTable => ({
  ...{ size: rows.length, numeric: Float64Array.from(rows.flat()), numericWidth: 2, levels: [], levelWidth: 0 },
});
/** Correlated normals: x ~ N(10, 2²), y = 3 x + N(0, 1). */
const correlated = (size: number, seed: number): FeatureTable => {
  const random = new Random(seed);
  return tableOf(
    Array.from({ length: size }, () => {
      const x = 10 + 2 * random.normal();
      return [x, 3 * x + random.normal()];
    }),
  );
};
/** Two clusters at ±5 in both numbers, of deviation 0.5. */
const clusters = (size: number, seed: number): FeatureTable => {
  const random = new Random(seed);
  return tableOf(
    Array.from({ length: size }, () => {
      const centre = random.uniform() < 0.5 ? -5 : 5;
      return [centre + random.normal() / 2, centre + random.normal() / 2];
    }),
  );
};
const partsOf = (table: FeatureTable, family: DetectorTrainingSpec['family']): HistoryParts<FeatureTable> => {
  const { train, validation, calibration, test } = splitByTime([...Array(table.size).keys()], 0.2, family);
  const part = ({ start, end }: { start: number; end: number }) => sliceTable(table, start, end);
  return { train: part(train), validation: part(validation), calibration: part(calibration), test: part(test) };
};

describe('families without gradient steps', () => {
  it('fit a Gaussian whose density is the one that the data have', async () => {
    const { report, bundle } = await trainDetector(spec, partsOf(correlated(20_000, 1), 'gaussian'));
    // Entropy of x + σε and y + σε, with σ = 0.1 deviations of each.
    const [varX, varY, cov] = [4 * (1 + NOISE ** 2), 37 * (1 + NOISE ** 2), 12];
    const entropy = Math.log(2 * Math.PI * Math.E) + 0.5 * Math.log(varX * varY - cov * cov);
    // Scores are noise-free, which lowers the mean of the quadratic form below 2.
    const quadratic = (varX * 37 + varY * 4 - 2 * cov * 12) / (varX * varY - cov * cov);
    const expected = entropy - 1 + quadratic / 2;
    expect(Math.abs(report.heldOut!.nllNats - expected)).toBeLessThan(4 * report.heldOut!.standardError);
    expect(bundle.metadata.family).toBe('gaussian');
    expect(report.members).toMatchObject([{ steps: 0, stoppedBy: 'fitted', curves: [] }]);
    expect(report.compute.reason).toBe('the calling thread: the family is fitted without gradient steps');
  });

  it('fit a mixture that is less likely between two clusters than in them', async () => {
    const score = async (family: 'gaussian' | 'mixture') => {
      const { bundle, report } = await trainDetector({ ...spec, family }, partsOf(clusters(4_000, 1), family));
      const detector = await Detector.create(loadBundle(saveBundle(bundle)), { alpha: 0.01, backend: 'wasm' });
      const { pValues } = await detector.score(tableOf([[0, 0], [5, 5], [-5, -5]])); // prettier-ignore
      detector.dispose();
      return { pValues: [...pValues], nll: report.heldOut!.nllNats };
    };
    const [gaussian, mixture] = [await score('gaussian'), await score('mixture')];
    expect(gaussian.pValues[0]).toBeGreaterThan(0.5);
    expect(mixture.pValues[0]).toBeLessThan(1e-3);
    expect(Math.min(mixture.pValues[1]!, mixture.pValues[2]!)).toBeGreaterThan(0.5);
    expect(mixture.nll).toBeLessThan(gaussian.nll - 0.5);
  });

  it.each(['gaussian', 'mixture'] as const)('take a history of 100 rows: %s', async (family) => {
    const alarms: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { bundle } = await trainDetector({ ...spec, family, seed }, partsOf(correlated(100, seed), family));
      const detector = await Detector.create(bundle, { alpha: spec.alpha, backend: 'wasm' });
      const { pValues } = await detector.score(correlated(2_000, 1_000 + seed));
      alarms.push(pValues.filter((p) => p <= spec.alpha).length / 2_000);
      const far = await detector.score(tableOf([[10, 60]]));
      expect(far.pValues[0]).toBeLessThanOrEqual(spec.alpha);
      detector.dispose();
    }
    // A set of 20 calibration rows realises Beta(1, 20): mean 1/21.
    const mean = alarms.reduce((sum, rate) => sum + rate / alarms.length, 0);
    expect(mean).toBeGreaterThan(0.015);
    expect(mean).toBeLessThan(0.09);
  });

  it('leave outliers of unlabelled rows out', async () => {
    const rows = correlated(3_000, 2);
    for (let row = 0; row < 40; row++) rows.numeric[2 * 50 * row + 1] = -40;
    const { report } = await trainDetector({ ...spec, data: 'unlabelled' }, partsOf(rows, 'gaussian'));
    const clean = await trainDetector({ ...spec, data: 'clean' }, partsOf(rows, 'gaussian'));
    expect(report.members[0]!.trimmedShare).toBeGreaterThan(0.01);
    expect(report.heldOut!.medianNllNats).toBeLessThan(clean.report.heldOut!.medianNllNats - 0.5);
  });

  it('score events with missing values, and are the same every time', async () => {
    const rows = correlated(2_000, 3);
    for (let row = 0; row < rows.size; row += 5) rows.numeric[2 * row + 1] = NaN;
    const own = { ...spec, family: 'mixture', schema: [feature('x'), feature('y', true)], members: 2 } as const;
    const sha256 = async () => bundleSha256(saveBundle((await trainDetector(own, partsOf(rows, 'mixture'))).bundle));
    const { bundle } = await trainDetector(own, partsOf(rows, 'mixture'));
    expect(await sha256()).toBe(bundleSha256(saveBundle(bundle)));
    const detector = await Detector.create(bundle, { alpha: 0.01, backend: 'wasm' });
    const { pValues } = await detector.score(tableOf([[10, NaN], [30, NaN], [10, 30], [10, 50]])); // prettier-ignore
    detector.dispose();
    expect([...pValues].map((p) => p <= 0.01)).toEqual([false, true, false, true]);
  });

  it.each(['gaussian', 'mixture'] as const)('are explained, sampled and exported like a flow: %s', async (family) => {
    const { bundle } = await trainDetector({ ...spec, family }, partsOf(correlated(4_000, 1), family));
    const detector = await Detector.create(bundle, { alpha: 0.01, backend: 'wasm' });
    // Given x = 10, y is 30 ± 1.
    const event = tableOf([[10, 45]]);
    const [explanation] = await detector.explain(event, [0], await detector.score(event));
    expect(explanation?.contributions[0]?.direction).toBeDefined();
    expect(explanation?.expected.y?.p95).toBeLessThan(35);
    expect(explanation?.expected.y?.p05).toBeGreaterThan(25);
    const drawn = await detector.sample({ count: 2_000, seed: 1, given: {} });
    const mean = drawn.numeric.reduce((sum, value, i) => sum + (i % 2 === 0 ? value / 2_000 : 0), 0);
    expect(mean).toBeCloseTo(10, 0);
    detector.dispose();
    expect((await exportOnnx(bundle)).length).toBeGreaterThan(1_000);
  });

  it('are named where a history is too short for another family', () => {
    expect(() => partsOf(correlated(100, 1), 'realNVP')).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_HISTORY_TOO_SMALL',
        remedy: expect.stringContaining('model.family: auto, gaussian or mixture takes histories from 100 rows'),
      }),
    );
    expect(() => partsOf(correlated(60, 1), 'gaussian')).toThrow(/at least 50 are needed/);
  });
});

describe('families of flows', () => {
  it.each(['realNVP', 'glow', 'maf', 'neuralSpline', 'naf', 'planar', 'radial'] as const)(
    'train compiled and come back from a file: %s',
    async (family) => {
      const trained = await trainDetector({ ...spec, family, steps: 100 }, partsOf(correlated(2_000, 4), family));
      expect(trained.report.compute.backend).toBe('engine');
      expect(trained.bundle.metadata.family).toBe(family);
      const [first] = trained.report.members[0]!.curves;
      expect(trained.report.members[0]!.bestValidationNll).toBeLessThanOrEqual(first!.validationNll);
      const detector = await Detector.create(loadBundle(saveBundle(trained.bundle)), { alpha: 0.01, backend: 'wasm' });
      const { pValues } = await detector.score(tableOf([[10, 30], [10, 300]])); // prettier-ignore
      detector.dispose();
      expect([...pValues].map((p) => p <= 0.01)).toEqual([false, true]);
    },
  );
});
