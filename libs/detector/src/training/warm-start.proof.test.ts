import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';

import type { HistoryParts, ModelBundle } from '../bundle/bundle.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

const feature = (name: string): FeatureSpec => ({
  ...{ name, type: 'real', from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
});

/** Row i happens at i milliseconds. */
const history = ((): FeatureTable => {
  const random = new Random(5);
  const size = 3200;
  const numeric = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    const x = random.normal();
    numeric.set([x, x * x + random.normal() / 3], 2 * i);
  }
  return { size, numeric, numericWidth: 2, levels: [], levelWidth: 0 };
})();
const bounds = [0, 1500, 1800, 2400, 3000] as const;
const names = ['train', 'validation', 'calibration', 'test'] as const;
/** The history of a day: rows from `first` on, and their times. */
const day = (first: number) => {
  const parts = names.map((name, i) => [name, first + bounds[i]!, first + bounds[i + 1]!] as const);
  return {
    tables: Object.fromEntries(
      parts.map(([name, from, to]) => [name, sliceTable(history, from, to)]),
    ) as unknown as HistoryParts<FeatureTable>,
    times: Object.fromEntries(
      parts.map(([name, from, to]) => [name, { fromMs: from, toMs: to - 1 }]),
    ) as unknown as NonNullable<DetectorTrainingSpec['times']>,
  };
};
const spec: DetectorTrainingSpec = {
  name: 'd',
  schema: [feature('x'), feature('y')],
  lookups: {},
  family: 'realNVP',
  seed: 1,
  members: 1,
  data: 'clean',
  alpha: 1e-2,
  steps: 50,
  compute: { threads: 2 },
};
const train = (first: number, more: Partial<DetectorTrainingSpec>) => {
  const { tables, times } = day(first);
  return trainDetector({ ...spec, times, ...more }, tables);
};
const from = (champion: ModelBundle) => ({ champion, version: 7, sha256: bundleSha256(saveBundle(champion)) });

describe('a warm start', () => {
  let champion: ModelBundle;
  beforeAll(async () => {
    await initBackend('wasm');
    champion = (await train(0, { steps: 200 })).bundle;
  });

  it('goes on from the weights of the champion, and keeps what is better on the validation rows', async () => {
    const cold = await train(100, {});
    expect(cold.report.warmStart).toBeNull();
    expect(cold.bundle.metadata.startedFrom).toBeUndefined();
    const warm = await train(100, { warmStart: from(champion) });
    const { members } = warm.report.warmStart ?? {};
    expect(warm.report.warmStart).toMatchObject({ champion: 7, problem: null, kept: 1 });
    expect(members).toEqual([
      {
        cold: cold.report.members[0]?.bestValidationNll,
        warm: warm.report.members[0]?.bestValidationNll,
      },
    ]);
    // 50 steps more after 200 are better than 50.
    expect(warm.report.members[0]!.bestValidationNll).toBeLessThan(cold.report.members[0]!.bestValidationNll);
    const stored = loadBundle(saveBundle(warm.bundle));
    expect(stored.metadata.startedFrom).toBe(from(champion).sha256);
  });

  it('keeps the cold start, byte for byte, if that is better', async () => {
    const poor = (await train(0, { steps: 1 })).bundle;
    const steps = { steps: 100 };
    const cold = await train(100, steps);
    const warm = await train(100, { ...steps, warmStart: from(poor) });
    expect(warm.report.warmStart).toMatchObject({ champion: 7, problem: null, kept: 0 });
    expect(bundleSha256(saveBundle(warm.bundle))).toBe(bundleSha256(saveBundle(cold.bundle)));
  });

  it('says why it cannot start from the champion, and trains from new weights', async () => {
    const cold = bundleSha256(saveBundle((await train(100, {})).bundle));
    const problemOf = async (warmStart: NonNullable<DetectorTrainingSpec['warmStart']>, first = 100, more = {}) => {
      const { bundle, report } = await train(first, { ...more, warmStart });
      if (first === 100 && Object.keys(more).length === 0) expect(bundleSha256(saveBundle(bundle))).toBe(cold);
      expect(report.warmStart).toMatchObject({ kept: 0, members: [] });
      return report.warmStart?.problem;
    };
    expect(await problemOf({ champion: null, problem: 'there is no champion yet' })).toBe('there is no champion yet');
    expect(await problemOf(from(champion), 100, { members: 2 })).toBe('it has 1 members, the new model 2');
    expect(await problemOf(from(champion), 100, { seed: 2 })).toMatch(/another structure/);
    expect(await problemOf(from(champion), 100, { schema: [feature('x'), feature('w')] })).toBe(
      'its features are others',
    );
    // Its validation rows begin later than those of the new model: it has seen them in training.
    const later = (await train(200, {})).bundle;
    expect(await problemOf(from(later))).toMatch(/^the validation rows now begin earlier than its own/);
    const { metadata } = champion;
    const timeless = { ...metadata.history, validation: { rows: 1, fromMs: null, toMs: null } };
    expect(await problemOf(from({ ...champion, metadata: { ...metadata, history: timeless } }))).toBe(
      'the times of its history are unknown',
    );
  });
});
