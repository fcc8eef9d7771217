import { describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';
import { sliceTable, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import { Detector } from '../detector.ts';
import { bundleSha256, loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { trainDetector } from './train-detector.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

const feature = (name: string, type: FeatureSpec['type']): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
});
const spec: DetectorTrainingSpec = {
  name: 'd',
  schema: [feature('x', 'real'), feature('y', 'positive')],
  lookups: {},
  family: 'realNVP',
  seed: 1,
  members: 1,
  data: 'clean',
  alpha: 1e-3,
  steps: 10,
};

/** x is normal and y follows it. A share of the rows are faults far away. */
const rowsOf = (size: number, faults = 0): FeatureTable => {
  const random = new Random(5);
  const numeric = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    const isFault = random.uniform() < faults;
    const x = random.normal() + (isFault ? 40 : 0);
    numeric.set([x, Math.exp(isFault ? 9 : x / 2 + random.normal() / 4)], 2 * i);
  }
  return { size, numeric, numericWidth: 2, levels: [], levelWidth: 0 };
};
const split = (history: FeatureTable) => {
  const at = (share: number) => Math.floor(history.size * share);
  return {
    train: sliceTable(history, 0, at(0.4)),
    validation: sliceTable(history, at(0.4), at(0.5)),
    calibration: sliceTable(history, at(0.5), at(0.9)),
    test: sliceTable(history, at(0.9), history.size),
  };
};
const tables = split(rowsOf(2000));

describe('trainDetector', () => {
  it('makes the same bytes of the same seed, and others of another', async () => {
    const sha256 = async (seed: number): Promise<string> =>
      bundleSha256(saveBundle((await trainDetector({ ...spec, seed, steps: 5 }, tables)).bundle));
    const first = await sha256(1);
    expect(await sha256(1)).toBe(first);
    expect(await sha256(2)).not.toBe(first);
  });

  it('calibrates on the scores of the compiled engine, to the last bit', async () => {
    const { bundle, report } = await trainDetector(spec, tables);
    expect(report.scoring.backend).toMatch(/^wasm/);
    expect(bundle.metadata.calibratedWith).toBe('compiled');
    const detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'wasm' });
    const { logDensityNats } = await detector.score(tables.calibration);
    detector.dispose();
    expect(bundle.calibration.pooled.scores).toEqual(logDensityNats.map((logP) => -logP).sort());
  });

  it('in unlabelled mode leaves the outliers out of calibration, and says so', async () => {
    const dirty = split(rowsOf(3000, 0.02));
    const unlabelled = await trainDetector({ ...spec, data: 'unlabelled' }, dirty);
    const { calibration, alarms, warnings } = unlabelled.report;
    expect(calibration.trimmedShare).toBeGreaterThan(0.01);
    expect(calibration.trimmedShare).toBeLessThan(0.06);
    expect(calibration.rows + calibration.trimmedRows).toBe(1200);
    expect(alarms.expectedRate).toBeCloseTo(1e-3 + calibration.trimmedShare * 0.999, 12);
    expect(warnings.join()).toMatch(/look like outliers and were left out/);
    // The threshold does not lie among the faults, so they alarm. Taken as clean, the same rows
    // hide them.
    const fault = { size: 1, numeric: Float64Array.of(40, Math.exp(9)), numericWidth: 2, levels: [], levelWidth: 0 };
    const clean = await trainDetector(spec, dirty);
    const p: number[] = [];
    for (const { bundle } of [unlabelled, clean]) {
      const detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'tfjs-wasm' });
      p.push((await detector.score(fault)).pValues[0]!);
      detector.dispose();
    }
    expect(p[0]).toBeLessThan(1e-3);
    expect(p[1]).toBeGreaterThan(1e-3);
  });

  it('trains an ensemble, whose density is the mean of its members', async () => {
    const { bundle, report } = await trainDetector({ ...spec, members: 2 }, tables);
    expect(report.members).toHaveLength(2);
    expect(bundle.flows[0]).not.toEqual(bundle.flows[1]);
    const loaded = loadBundle(saveBundle(bundle));
    const densities: Float64Array[] = [];
    for (const flows of [loaded.flows, loaded.flows.slice(0, 1), loaded.flows.slice(1)]) {
      const detector = await Detector.create({ ...loaded, flows }, { alpha: 1e-3, backend: 'tfjs-wasm' });
      const scores = await detector.score(tables.test);
      densities.push(scores.logDensityNats);
      if (flows.length === 2) {
        const [explanation] = await detector.explain(tables.test, [0], {
          ...scores,
          pValues: scores.pValues.fill(1e-5),
        });
        expect(explanation?.contributions.map((each) => each.feature).sort()).toEqual(['x', 'y']);
      }
      detector.dispose();
    }
    const [both, first, second] = densities;
    both!.forEach((logP, i) => {
      expect(logP).toBeCloseTo(Math.log((Math.exp(first![i]!) + Math.exp(second![i]!)) / 2), 4);
    });
  });

  it('leaves rows outside their domain out, everywhere', async () => {
    const history = rowsOf(2000);
    for (const row of [3, 700, 850, 1100, 1950]) history.numeric[2 * row + 1] = -7;
    const { report, bundle } = await trainDetector(spec, split(history));
    expect(report.calibration).toMatchObject({ rows: 799, undefinedRows: 1 });
    expect(report.heldOut).toMatchObject({ rows: 199, undefinedRows: 1 });
    expect(report.alarms.alarms).toBeGreaterThanOrEqual(1);
    expect(report.warnings.join()).toMatch(/1 calibration rows lie outside their domain/);
    expect(bundle.metadata.calibration.undefinedRows).toBe(1);
  });

  it('warns of few calibration rows, with the range of the alarm rate', async () => {
    const { report } = await trainDetector({ ...spec, alpha: 5e-3 }, tables);
    expect(report.warnings.join()).toMatch(/Only 800 calibration rows .* between 0\.00\d+ and 0\.0\d+/);
    const few = { ...tables, calibration: sliceTable(tables.calibration, 0, 200) };
    const short = await trainDetector(spec, few);
    expect(short.report.alarms.interval).toBeNull();
    expect(short.report.warnings.join()).toMatch(/No rate can be promised for alpha 0.001/);
  });

  it('stops at the first validation after its time is over, with the best weights so far', async () => {
    const { report } = await trainDetector({ ...spec, steps: 1000, maxMinutes: 1e-9 }, tables);
    expect(report.members).toMatchObject([{ steps: 50, bestStep: 50, stoppedBy: 'time' }]);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => {
      if (step > 0) controller.abort();
    };
    await expect(
      trainDetector({ ...spec, steps: 1000 }, tables, { signal: controller.signal, onProgress }),
    ).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
  });

  it('goes on from the checkpoints of an interrupted training, to the same bytes', async () => {
    const two: typeof spec = { ...spec, members: 2, steps: 60, compute: { training: 'engine', threads: 2 } };
    const kept = new Map<number, Uint8Array>();
    const rejected: unknown[] = [];
    const checkpoints = (resume: ReadonlyMap<number, Uint8Array>) => ({
      resume,
      keep: (member: number, bytes: Uint8Array) => void kept.set(member, bytes),
      onRejected: (member: number) => rejected.push(member),
    });
    const stop = new AbortController();
    const interrupted = trainDetector(two, tables, {
      signal: stop.signal,
      // In the midst of both members.
      onProgress: ({ phase, step }) => {
        if (phase === 'train' && step >= 100) stop.abort();
      },
      checkpoints: checkpoints(new Map()),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'FLOWLINE_ABORTED' });
    expect([...kept.keys()].sort()).toEqual([0, 1]);
    const steps: number[] = [];
    const resumed = await trainDetector(two, tables, {
      onProgress: ({ phase, step }) => {
        if (phase === 'train') steps.push(step);
      },
      checkpoints: checkpoints(new Map(kept)),
    });
    // Without the reports at step 50 of each.
    expect(new Set(steps.filter((step) => step > 0))).toEqual(new Set([60, 120]));
    const whole = await trainDetector(two, tables);
    expect(bundleSha256(saveBundle(resumed.bundle))).toBe(bundleSha256(saveBundle(whole.bundle)));
    expect(rejected).toEqual([]);

    const other = split(rowsOf(1900));
    const anew = await trainDetector({ ...two, members: 1 }, other, { checkpoints: checkpoints(new Map(kept)) });
    const fresh = await trainDetector({ ...two, members: 1 }, other);
    expect(rejected).toEqual([0]);
    expect(bundleSha256(saveBundle(anew.bundle))).toBe(bundleSha256(saveBundle(fresh.bundle)));
  }, 180_000);

  it('refuses too little history', async () => {
    const few = { ...tables, train: sliceTable(tables.train, 0, 50) };
    await expect(trainDetector(spec, few)).rejects.toMatchObject({ code: 'FLOWLINE_HISTORY_TOO_SMALL' });
    const uncalibrated = { ...tables, calibration: sliceTable(tables.calibration, 0, 50) };
    await expect(trainDetector(spec, uncalibrated)).rejects.toMatchObject({ code: 'FLOWLINE_HISTORY_TOO_SMALL' });
  });
});
