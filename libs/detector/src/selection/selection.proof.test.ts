import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, type FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import { splitByTime } from '../history/split-by-time.ts';
import { trainDetector } from '../training/train-detector.ts';
import type { DetectorTrainingSpec, MemberCheckpoints } from '../training/training-spec.ts';

beforeAll(() => initBackend('wasm'));

const feature = (name: string): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
});
const spec: DetectorTrainingSpec = {
  ...{ name: 'd', schema: [feature('x'), feature('y')], lookups: {}, family: 'auto', seed: 1, members: 1 },
  ...{ data: 'clean', alpha: 0.05, compute: { training: 'engine', threads: 2 } },
};

const tableOf = (size: number, seed: number, row: (random: Random) => readonly number[]): FeatureTable => {
  const random = new Random(seed);
  const numeric = Float64Array.from(Array.from({ length: size }, () => row(random)).flat());
  return { size, numeric, numericWidth: 2, levels: [], levelWidth: 0 };
};
/** Correlated normals: x ~ N(10, 2²), y = 3 x + N(0, 1). */
const correlated = (size: number, seed: number): FeatureTable =>
  tableOf(size, seed, (random) => {
    const x = 10 + 2 * random.normal();
    return [x, 3 * x + random.normal()];
  });
/** A ring: no Gaussian, and no mixture of few, is as likely. */
const ring = (size: number, seed: number): FeatureTable =>
  tableOf(size, seed, (random) => {
    const [angle, radius] = [2 * Math.PI * random.uniform(), 10 + 0.3 * random.normal()];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
const partsOf = (table: FeatureTable): HistoryParts<FeatureTable> => {
  const { train, validation, calibration, test } = splitByTime([...Array(table.size).keys()], 0.2, 'auto');
  const part = ({ start, end }: { start: number; end: number }) => sliceTable(table, start, end);
  return { train: part(train), validation: part(validation), calibration: part(calibration), test: part(test) };
};
const sha256Of = (made: Awaited<ReturnType<typeof trainDetector>>): string => bundleSha256(saveBundle(made.bundle));

describe('model.family: auto', () => {
  it('keeps the recipe where another is a little more likely, and reports every candidate', async () => {
    const { bundle, report } = await trainDetector(spec, partsOf(correlated(4_000, 1)));
    const { candidates } = report;
    expect(bundle.metadata.family).toBe('realNVP');
    expect(candidates.filter(({ chosen }) => chosen).map(({ name }) => name)).toEqual(['realNVP']);
    expect(candidates.map(({ family }) => family)).toEqual(expect.arrayContaining(['realNVP', 'mixture']));
    const gains = candidates.map(({ gainNats }) => gainNats ?? NaN);
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    expect(gains[0]).toBe(0);
    // Entropy of x + σε and y + σε, with σ = 0.1 deviations of each.
    const entropy = Math.log(2 * Math.PI * Math.E) + 0.5 * Math.log(4.04 * 37.37 - 144);
    const gaussian = candidates.find(({ family }) => family === 'gaussian');
    expect(Math.abs(gaussian!.nllNats! - entropy)).toBeLessThan(4 * gaussian!.standardError!);
    // The durations are not part of the bytes, which are the same every time.
    const stored = loadBundle(saveBundle(bundle)).metadata.candidates;
    expect(stored).toEqual(candidates.map(({ seconds: _, ...candidate }) => candidate));
  }, 180_000);

  it('trains the members of the candidate that it takes like those of the family by its name', async () => {
    const parts = partsOf(ring(4_000, 1));
    const two: DetectorTrainingSpec = { ...spec, members: 2, steps: 300 };
    const chosen = await trainDetector(two, parts);
    expect(chosen.report.candidates.find((candidate) => candidate.chosen)?.name).toBe('realNVP');
    const named = await trainDetector({ ...two, family: 'realNVP' }, parts);
    expect(chosen.bundle.flows).toEqual(named.bundle.flows);
    expect(chosen.bundle.calibration).toEqual(named.bundle.calibration);
    const gaussian = chosen.report.candidates.find(({ family }) => family === 'gaussian');
    expect(gaussian!.gainNats! + gaussian!.gainStandardError!).toBeLessThan(-0.3);
  }, 180_000);

  it('takes another where it is more likely beyond doubt', async () => {
    // Two tight clusters far apart, which few steps do not separate.
    const clusters = tableOf(4_000, 1, (random) => {
      const centre = random.uniform() < 0.5 ? -5 : 5;
      return [centre + random.normal() / 5, centre + random.normal() / 5];
    });
    const { bundle, report } = await trainDetector({ ...spec, steps: 50, members: 2 }, partsOf(clusters));
    expect(bundle.metadata).toMatchObject({ family: 'mixture', members: 2 });
    expect(bundle.flows).toHaveLength(2);
    expect(report.candidates[0]).toMatchObject({ name: 'mixture', chosen: true, reason: 'the most likely', steps: 0 });
    const recipe = report.candidates.find(({ name }) => name === 'realNVP');
    expect(recipe?.reason).toBe('the recipe, but others are more likely beyond doubt');
  }, 180_000);

  it('is the same on any number of threads, and after an interruption', async () => {
    const parts = partsOf(ring(2_000, 2));
    const short: DetectorTrainingSpec = { ...spec, members: 2, steps: 60 };
    const whole = sha256Of(await trainDetector(short, parts));
    const single = await trainDetector({ ...short, compute: { training: 'engine', threads: 1 } }, parts);
    expect(sha256Of(single)).toBe(whole);

    const kept = new Map<number, Uint8Array>();
    const rejected: number[] = [];
    const checkpoints = (resume: ReadonlyMap<number, Uint8Array>): MemberCheckpoints => ({
      resume,
      keep: (place, bytes) => void kept.set(place, bytes),
      onRejected: (place) => void rejected.push(place),
    });
    const stop = new AbortController();
    const interrupted = trainDetector(short, parts, {
      signal: stop.signal,
      onProgress: ({ phase, step }) => {
        if (phase === 'select' && step >= 160) stop.abort();
      },
      checkpoints: checkpoints(new Map()),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    expect(kept.size).toBeGreaterThan(1);
    const resumed = await trainDetector(short, parts, { checkpoints: checkpoints(new Map(kept)) });
    expect(sha256Of(resumed)).toBe(whole);
    expect(rejected).toEqual([]);
  }, 180_000);

  it('takes a history of 100 rows, and alarms at the rate asked for', async () => {
    const alarms: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { bundle, report } = await trainDetector({ ...spec, seed }, partsOf(correlated(100, seed)));
      expect(report.candidates.map(({ name }) => name).sort()).toEqual(['gaussian', 'mixture']);
      const detector = await Detector.create(bundle, { alpha: spec.alpha, backend: 'wasm' });
      const { pValues } = await detector.score(correlated(2_000, 1_000 + seed));
      alarms.push(pValues.filter((p) => p <= spec.alpha).length / 2_000);
      const far = await detector.score(tableOf(1, 1, () => [10, 60]));
      expect(at(far.pValues, 0)).toBeLessThanOrEqual(spec.alpha);
      detector.dispose();
    }
    // A set of 20 calibration rows realises Beta(1, 20): mean 1/21.
    const mean = alarms.reduce((sum, rate) => sum + rate / alarms.length, 0);
    expect(mean).toBeGreaterThan(0.015);
    expect(mean).toBeLessThan(0.09);
    expect(() => partsOf(correlated(60, 1))).toThrow(/at least 50 are needed/);
  }, 180_000);

  it('tells the steps of all candidates together, and never goes back', async () => {
    const shares: number[] = [];
    await trainDetector({ ...spec, steps: 50 }, partsOf(ring(2_000, 3)), {
      onProgress: ({ phase, share }) => {
        if (phase === 'select') shares.push(share);
      },
    });
    expect(shares.length).toBeGreaterThan(4);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  }, 180_000);
});
