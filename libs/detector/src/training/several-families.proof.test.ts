import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, loadFlow, Random } from '@flowline/flows';

import { openBrowserBundle } from '../browser/open-browser-bundle.ts';
import type { HistoryParts } from '../bundle/bundle.ts';
import { exportOnnx } from '../bundle/export-onnx.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import { splitByTime } from '../history/split-by-time.ts';
import type { ModelFamily } from './families.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

beforeAll(() => initBackend('wasm'));

const feature = (name: string): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
});
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema: [feature('x'), feature('y')], lookups: {}, family: 'realNVP', seed: 1, members: 1 },
  ...{ data: 'clean', alpha: 0.01, steps: 200, compute: { training: 'engine', threads: 2 } },
};
/** A ring beside a ball. */
const history = (size: number, seed: number): FeatureTable => {
  const random = new Random(seed);
  const rows = Array.from({ length: size }, () => {
    if (random.uniform() < 0.3) return [20 + random.normal(), random.normal()];
    const [angle, radius] = [2 * Math.PI * random.uniform(), 8 + 0.4 * random.normal()];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  return { size, numeric: Float64Array.from(rows.flat()), numericWidth: 2, levels: [], levelWidth: 0 };
};
const partsOf = (table: FeatureTable): HistoryParts<FeatureTable> => {
  const { train, validation, calibration, test } = splitByTime([...Array(table.size).keys()], 0.2);
  const part = ({ start, end }: { start: number; end: number }) => sliceTable(table, start, end);
  return { train: part(train), validation: part(validation), calibration: part(calibration), test: part(test) };
};
const parts = partsOf(history(4_000, 1));
const ensemble = (family: readonly ModelFamily[], own: Partial<DetectorTrainingSpec> = {}) =>
  trainDetector({ ...spec, family, members: family.length, ...own }, parts);

describe('members of several families', () => {
  it('are far more likely together than the worst of them, and nearly as likely as the best', async () => {
    const families = ['neuralSpline', 'maf', 'naf'] as const;
    const { bundle, report } = await ensemble(families, { steps: 600 });
    const alone: number[] = [];
    for (const family of families) alone.push((await ensemble([family], { steps: 600 })).report.heldOut!.nllNats);
    const together = report.heldOut!.nllNats;
    expect(together).toBeLessThan(Math.max(...alone) - 0.2);
    // A mixture of three is at most log 3 = 1.1 nats below the best.
    expect(together).toBeLessThan(Math.min(...alone) + 0.2);
    expect(together).toBeLessThan(alone.reduce((sum, nll) => sum + nll / 3, 0));
    expect(bundle.metadata).toMatchObject({ family: 'neuralSpline + maf + naf', families, members: 3 });
    expect(report.members.map(({ steps }) => steps)).toEqual([600, 600, 600]);
  }, 300_000);

  it('are those of their families by their names and seeds, on any number of threads', async () => {
    const two = await ensemble(['realNVP', 'maf'], { steps: 50 });
    const named = await trainDetector({ ...spec, steps: 50, members: 2 }, parts);
    expect(two.bundle.flows[0]).toEqual(named.bundle.flows[0]);
    expect(two.bundle.flows[1]).not.toEqual(named.bundle.flows[1]);
    const single = await ensemble(['realNVP', 'maf'], { steps: 50, compute: { training: 'engine', threads: 1 } });
    expect(bundleSha256(saveBundle(single.bundle))).toBe(bundleSha256(saveBundle(two.bundle)));
  }, 180_000);

  it('keep their order, fitted ones among flows, and are scored, explained, sampled and exported', async () => {
    const families = ['gaussian', 'realNVP', 'mixture', 'neuralSpline'] as const;
    const { bundle, report } = await ensemble(families, { base: 'mixture' });
    expect(report.compute.backend).toBe('engine');
    expect(report.members.map(({ stoppedBy }) => stoppedBy === 'fitted')).toEqual([true, false, true, false]);
    const saved = bundle.flows.map((bytes) => loadFlow(bytes));
    expect(saved.map(({ family, base }) => [family, base.config.type])).toEqual([
      ['maf', 'standardNormal'],
      ['realNVP', 'gaussianMixture'],
      ['maf', 'gaussianMixture'],
      ['neuralSpline', 'gaussianMixture'],
    ]);
    for (const flow of saved) flow.dispose();
    const detector = await Detector.create(loadBundle(saveBundle(bundle)), { alpha: 0.01, backend: 'wasm' });
    const reference = await Detector.create(bundle, { alpha: 0.01, backend: 'reference' });
    const some = history(100, 7);
    const [scores, expected] = [await detector.score(some), await reference.score(some)];
    scores.logDensityNats.forEach((logP, row) => expect(logP).toBeCloseTo(expected.logDensityNats[row]!, 2));
    reference.dispose();
    const browser = await openBrowserBundle(await detector.exportBrowser());
    const { logDensityNats } = await browser.scoreTable(some);
    logDensityNats.forEach((logP, row) => expect(logP).toBeCloseTo(expected.logDensityNats[row]!, 2));
    const event = sliceTable(history(1, 1), 0, 1);
    event.numeric.set([0, 14]);
    const [explanation] = await detector.explain(event, [0], await detector.score(event));
    expect(explanation?.contributions.length).toBeGreaterThan(0);
    const drawn = await detector.sample({ count: 1_000, seed: 1, given: {} });
    expect(drawn.numeric.every(Number.isFinite)).toBe(true);
    detector.dispose();
    expect((await exportOnnx(bundle)).length).toBeGreaterThan(1_000);
  }, 300_000);

  it('start from a champion of the same families, and from none with fitted members', async () => {
    const first = await ensemble(['realNVP', 'maf'], { steps: 50 });
    const times = { train: 0, validation: 1, calibration: 2, test: 3 };
    const ranges = Object.fromEntries(
      Object.entries(times).map(([part, at]) => [part, { fromMs: at, toMs: at + 1 }]),
    ) as unknown as NonNullable<DetectorTrainingSpec['times']>;
    const champion = (await ensemble(['realNVP', 'maf'], { steps: 50, times: ranges })).bundle;
    const warmStart = { champion, version: 1, sha256: 'x' };
    const again = await ensemble(['realNVP', 'maf'], { steps: 50, times: ranges, warmStart });
    expect(again.report.warmStart).toMatchObject({ champion: 1, problem: null });
    expect(again.report.warmStart?.members).toHaveLength(2);
    const mixed = await ensemble(['realNVP', 'gaussian'], { steps: 50, times: ranges, warmStart });
    expect(mixed.report.warmStart).toMatchObject({ kept: 0, problem: expect.stringContaining('fitted without') });
    expect(mixed.bundle.flows[0]).toEqual(first.bundle.flows[0]);
  }, 180_000);
});
