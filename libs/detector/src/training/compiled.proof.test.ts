import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, sliceTable } from '@flowline/features';
import { initBackend, Random } from '@flowline/flows';

import type { HistoryParts } from '../bundle/bundle.ts';
import { bundleSha256, saveBundle } from '../bundle/save-bundle.ts';
import { compareOnHeldOut } from './compare.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec, TrainingProgress } from './training-spec.ts';

const feature = (name: string, type: FeatureSpec['type'], nullable = false): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable, maxLevels: 64, period: null },
});
const spec: DetectorTrainingSpec = {
  name: 'd',
  schema: [feature('x', 'real'), feature('y', 'positive'), feature('z', 'real', true)],
  lookups: {},
  family: 'realNVP',
  seed: 1,
  members: 1,
  data: 'clean',
  alpha: 1e-2,
  steps: 30,
};

/** x is normal, y follows it, and z lies on one of two branches of x, where it is known. */
const rowsOf = (size: number, faults = 0): FeatureTable => {
  const random = new Random(5);
  const numeric = new Float64Array(3 * size);
  for (let i = 0; i < size; i++) {
    const isFault = random.uniform() < faults;
    const x = random.normal() + (isFault ? 30 : 0);
    const z = (random.uniform() < 0.5 ? 1 : -1) * (1 + x * x) + random.normal() / 3;
    numeric.set([x, Math.exp(x / 2 + random.normal() / 4), random.uniform() < 0.1 ? NaN : z], 3 * i);
  }
  return { size, numeric, numericWidth: 3, levels: [], levelWidth: 0 };
};
const split = (history: FeatureTable): HistoryParts<FeatureTable> => {
  const at = (share: number) => Math.floor(history.size * share);
  return {
    train: sliceTable(history, 0, at(0.5)),
    validation: sliceTable(history, at(0.5), at(0.6)),
    calibration: sliceTable(history, at(0.6), at(0.8)),
    test: sliceTable(history, at(0.8), history.size),
  };
};
const tables = split(rowsOf(4000));

describe('a detector that is trained compiled', () => {
  beforeAll(() => initBackend('wasm'));

  it.each([1, 3])('has the same bytes for any number of threads, with %d members', async (members) => {
    const sha256 = async (threads: number): Promise<string> => {
      const compute = { training: 'engine', threads } as const;
      const { bundle, report } = await trainDetector({ ...spec, members, compute, data: 'unlabelled' }, tables);
      expect(report.compute.backend).toBe('engine');
      expect(bundle.metadata.backend).toBe('engine');
      return bundleSha256(saveBundle(bundle));
    };
    const one = await sha256(1);
    expect(await sha256(2)).toBe(one);
    // More threads than members: each has several.
    expect(await sha256(4)).toBe(one);
  });

  it.each(['clean', 'unlabelled'] as const)(
    'is as good as one that tensors train: %s data',
    async (data) => {
      const history = split(rowsOf(4000, data === 'unlabelled' ? 0.01 : 0));
      const trained = async (training: 'engine' | 'wasm') =>
        (await trainDetector({ ...spec, data, steps: 150, compute: { training } }, history)).bundle;
      const [compiled, tensors] = [await trained('engine'), await trained('wasm')];
      expect(tensors.metadata.backend).toBe('tfjs-wasm');
      const comparison = await compareOnHeldOut(tensors, compiled, history.test);
      if (!comparison.comparable) throw new Error(comparison.reason);
      const { standardError = 0 } = tensors.metadata.heldOut ?? {};
      expect(standardError).toBeGreaterThan(0);
      expect(Math.abs(comparison.meanDifferenceNats)).toBeLessThan(standardError);
    },
    120_000,
  );

  it('stops within the steps in progress, and stops all of its members', async () => {
    const stop = new AbortController();
    const seen: TrainingProgress[] = [];
    const onProgress = (progress: TrainingProgress): void => {
      seen.push(progress);
      if (progress.step >= 100) setImmediate(() => stop.abort());
    };
    const long = { ...spec, steps: 100_000, members: 2, compute: { training: 'engine', threads: 2 } } as const;
    const error: unknown = await trainDetector(long, tables, { signal: stop.signal, onProgress }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'FLOWLINE_ABORTED' });
    // Steps are reported by fifties, and cancelled between any two.
    const [, steps = NaN] = /after (\d+) of 100000 steps/.exec(String(error)) ?? [];
    const last = seen.at(-1)?.step ?? NaN;
    expect(Number(steps)).toBeLessThan(150);
    expect(last).toBeLessThanOrEqual(200);
  });

  it('leaves the event loop free', async () => {
    let turns = 0;
    let during = 0;
    const timer = setInterval(() => turns++, 2);
    const atStep = new Map<number, number>();
    const onProgress = ({ phase, step }: TrainingProgress): void => {
      if (phase === 'train') atStep.set(step, turns);
      if (phase === 'calibrate') during = turns;
    };
    await trainDetector({ ...spec, steps: 300, compute: { training: 'engine', threads: 1 } }, tables, { onProgress });
    clearInterval(timer);
    const reports = [...atStep.values()];
    expect(reports.length).toBeGreaterThanOrEqual(6);
    // Tensors take 50 steps in some turns of 40 ms each; here the loop is idle meanwhile.
    const least = Math.min(...reports.slice(1).map((count, i) => count - reports[i]!));
    expect(least).toBeGreaterThanOrEqual(3);
    expect(during).toBeGreaterThan(30);
  });

  it('stops members side by side at their time limit, with their best weights so far', async () => {
    const limited = { ...spec, members: 2, steps: 100_000, maxMinutes: 1e-9 };
    const { report } = await trainDetector({ ...limited, compute: { training: 'engine', threads: 2 } }, tables);
    expect(report.members.map(({ steps, stoppedBy }) => [steps, stoppedBy])).toEqual([
      [50, 'time'],
      [50, 'time'],
    ]);
  });
});
