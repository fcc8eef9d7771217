import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { fitCalibrationSet } from '../calibration/calibration-set.ts';
import { NearestRows } from '../statistic/nearest-rows.ts';
import type { CombinedStatistic } from '../statistic/statistic.ts';
import { loadedStatistic, savedStatistic } from './saved-statistic.ts';

const sizes = { dimensions: 2, width: 3, contexts: 0 };
const ROWS = 200;
const random = new Random(1);
const calibration = fitCalibrationSet(
  Float64Array.from({ length: ROWS }, () => random.normal()),
  new Int32Array(ROWS),
  random,
);
const statistic: CombinedStatistic = {
  test: 'combined',
  components: [
    { name: 'low_density', share: 0.5, calibration },
    { name: 'distant', share: 0.5, calibration },
  ],
  linear: { means: Float64Array.of(1, 2, 3), weights: Float64Array.of(1, 0, 0.5, -0.25, 2, 0) },
  history: new NearestRows(Float32Array.of(0, 0, 0, 1, 1, 1), 3),
  nearEnough: 0.25,
};
const { tensors, manifest } = savedStatistic(statistic);
const saved = new Map(Object.entries(tensors));

describe('loadedStatistic', () => {
  it('has what was saved', () => {
    expect(loadedStatistic(saved, manifest, sizes)).toEqual(statistic);
  });

  it('refuses the statistic of an earlier release, and says what to do', () => {
    const earlier = { ...manifest, version: 1 };
    expect(() => loadedStatistic(saved, earlier, sizes)).toThrow(
      expect.objectContaining({
        code: 'FLOWLINE_MODEL_INCOMPATIBLE',
        message: 'the model cannot be used: its combined statistic has version 1, which this release lacks',
        remedy: 'train again with this release and this version of the detector',
      }),
    );
  });

  it('refuses one without its linear expectations', () => {
    const without = new Map([...saved].filter(([name]) => name !== 'statistic/linear/weights'));
    expect(() => loadedStatistic(without, manifest, sizes)).toThrow(/statistic\/linear\/weights is missing/);
  });
});
