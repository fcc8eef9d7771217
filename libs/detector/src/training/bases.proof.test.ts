import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, loadFlow, Random } from '@flowline/flows';

import { openBrowserBundle } from '../browser/open-browser-bundle.ts';
import type { HistoryParts } from '../bundle/bundle.ts';
import { exportOnnx } from '../bundle/export-onnx.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import { splitByTime } from '../history/split-by-time.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

beforeAll(() => initBackend('wasm'));

const D = 4;
const CENTRES = [
  [-6, -6, 6, 0],
  [6, -6, -6, 3],
  [-6, 6, -6, -3],
  [6, 6, 6, 6],
] as const;

const feature = (name: string, nullable = false): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable, maxLevels: 64, period: null },
});
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema: ['a', 'b', 'c', 'e'].map((name) => feature(name)), lookups: {} },
  ...{ family: 'realNVP', seed: 1, members: 1, data: 'clean', alpha: 0.01, steps: 150 },
  compute: { training: 'engine', threads: 2 },
};
const tableOf = (rows: readonly (readonly number[])[], width = D): FeatureTable => ({
  ...{ size: rows.length, numeric: Float64Array.from(rows.flat()), numericWidth: width, levels: [], levelWidth: 0 },
});
const rowsOf = (size: number, seed: number, row: (random: Random) => readonly number[]): FeatureTable => {
  const random = new Random(seed);
  return tableOf(Array.from({ length: size }, () => row(random)));
};
/** Four clusters, 12 apart and of deviation 0.5. */
const clusters = (size: number, seed: number): FeatureTable =>
  rowsOf(size, seed, (random) => {
    const centre = at(CENTRES, random.integer(CENTRES.length));
    return centre.map((value) => value + random.normal() / 2);
  });
const partsOf = (table: FeatureTable): HistoryParts<FeatureTable> => {
  const { train, validation, calibration, test } = splitByTime([...Array(table.size).keys()], 0.2);
  const part = ({ start, end }: { start: number; end: number }) => sliceTable(table, start, end);
  return { train: part(train), validation: part(validation), calibration: part(calibration), test: part(test) };
};
const history = partsOf(clusters(4_000, 1));
const nllOf = async (own: Partial<DetectorTrainingSpec>, parts = history): Promise<number> =>
  (await trainDetector({ ...spec, ...own }, parts)).report.heldOut!.nllNats;

describe('model.base: mixture', () => {
  it('is more likely than a normal base on clusters, for the same steps', async () => {
    const [normal, mixture] = [await nllOf({}), await nllOf({ base: 'mixture' })];
    expect(mixture).toBeLessThan(normal - 0.3);
    // Entropy of the noisy data: log 4 for the cluster, and that of its coordinates.
    const noise = [0.1 * 6.02, 0.1 * 6.02, 0.1 * 6.02, 0.1 * 3.39];
    const entropy = noise.reduce((sum, sigma) => sum + 0.5 * Math.log(2 * Math.PI * Math.E * (0.25 + sigma ** 2)), 0);
    expect(mixture).toBeLessThan(Math.log(4) + entropy + 0.15);
  }, 180_000);

  it('starts at the clusters: a few steps are enough, and more components than stated are not made', async () => {
    const { bundle, report } = await trainDetector({ ...spec, base: { mixture: 4 }, steps: 1 }, history);
    const flow = loadFlow(bundle.flows[0]!);
    expect(flow.base.config).toMatchObject({ type: 'gaussianMixture', components: 4 });
    flow.dispose();
    expect(report.heldOut!.nllNats).toBeLessThan((await nllOf({ steps: 1 })) - 1);
    expect(bundle.metadata).toMatchObject({ family: 'realNVP', base: 'mixture' });
  }, 180_000);

  it('leaves clusters of anomalies in unlabelled rows out', async () => {
    const table = clusters(4_000, 3);
    // Not one place, which would be as dense as a cluster: a cloud far from all.
    const random = new Random(9);
    for (let row = 0; row < 60; row++) {
      for (let j = 0; j < D; j++) table.numeric[D * 60 * row + j] = 40 + 4 * random.normal();
    }
    const own = { data: 'unlabelled', base: { mixture: 4 }, steps: 1 } as const;
    const { bundle } = await trainDetector({ ...spec, ...own }, partsOf(table));
    const detector = await Detector.create(bundle, { alpha: 0.01, backend: 'wasm' });
    const { pValues, logDensityNats } = await detector.score(tableOf([[40, 40, 40, 40], CENTRES[0], CENTRES[3]]));
    detector.dispose();
    expect([...pValues].map((p) => p <= 0.01)).toEqual([true, false, false]);
    // A component on the cloud would give it about −13 nats.
    expect(logDensityNats[0]).toBeLessThan(-100);
  }, 180_000);

  it('comes back from a file, with missing values, and is the same every time', async () => {
    const table = clusters(2_000, 4);
    for (let row = 0; row < table.size; row += 5) table.numeric[D * row + 1] = NaN;
    const schema = ['a', 'b', 'c', 'e'].map((name) => feature(name, name === 'b'));
    const own: DetectorTrainingSpec = { ...spec, schema, base: 'mixture', members: 2, steps: 60 };
    const { bundle } = await trainDetector(own, partsOf(table));
    const again = await trainDetector({ ...own, compute: { training: 'engine', threads: 1 } }, partsOf(table));
    expect(bundleSha256(saveBundle(again.bundle))).toBe(bundleSha256(saveBundle(bundle)));
    const detector = await Detector.create(loadBundle(saveBundle(bundle)), { alpha: 0.01, backend: 'wasm' });
    const { pValues } = await detector.score(tableOf([[-6, NaN, 6, 0], [6, NaN, 6, -20], [0, 0, 0, 0]])); // prettier-ignore
    detector.dispose();
    expect([...pValues].map((p) => p <= 0.01)).toEqual([false, true, true]);
  }, 180_000);
});

describe.each(['mixture', 'studentT', { studentT: 2 }] as const)('model.base: %j', (base) => {
  it('is scored, explained, sampled and exported like any other', async () => {
    const { bundle, report } = await trainDetector({ ...spec, base }, history);
    expect(report.compute.backend).toBe('engine');
    const detector = await Detector.create(bundle, { alpha: 0.01, backend: 'wasm' });
    const reference = await Detector.create(bundle, { alpha: 0.01, backend: 'tfjs-wasm' });
    const some = clusters(100, 7);
    const [scores, expected] = [await detector.score(some), await reference.score(some)];
    scores.logDensityNats.forEach((logP, row) => expect(logP).toBeCloseTo(expected.logDensityNats[row]!, 2));
    reference.dispose();
    const browser = await openBrowserBundle(await detector.exportBrowser());
    const { logDensityNats } = await browser.scoreTable(some);
    logDensityNats.forEach((logP, row) => expect(logP).toBeCloseTo(expected.logDensityNats[row]!, 2));
    // In its cluster but for the second coordinate, which goes by the first and the third.
    const event = tableOf([[-6, 14, 6, 0]]);
    const [explanation] = await detector.explain(event, [0], await detector.score(event));
    expect(explanation?.contributions[0]?.feature).toBe('b');
    const drawn = await detector.sample({ count: 2_000, seed: 1, given: {} });
    const mean = (column: number): number =>
      Array.from({ length: 2_000 }, (_, row) => drawn.numeric[D * row + column]!).reduce(
        (sum, x) => sum + x / 2_000,
        0,
      );
    expect(Math.abs(mean(3) - 1.5)).toBeLessThan(1);
    detector.dispose();
    expect((await exportOnnx(bundle)).length).toBeGreaterThan(1_000);
  }, 180_000);
});

describe('model.base: studentT', () => {
  it('is more likely than a normal base where tails are heavy', async () => {
    const heavy = partsOf(
      rowsOf(4_000, 5, (random) => {
        // Student t with 3 degrees of freedom, all coordinates of one radius.
        const radius = Math.sqrt(3 / (random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2));
        return Array.from({ length: D }, () => radius * random.normal());
      }),
    );
    const few = { steps: 100 };
    expect(await nllOf({ ...few, base: { studentT: 3 } }, heavy)).toBeLessThan((await nllOf(few, heavy)) - 0.05);
  }, 180_000);
});
