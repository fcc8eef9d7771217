import { atOnce } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { fitCalibrationSet, fitCalibrationSetSteps } from '../calibration/calibration-set.ts';
import { groupRows } from '../calibration/row-groups.ts';
import { type CalibrationManifest, loadedCalibrations, savedCalibrations } from './saved-calibrations.ts';

const random = new Random(1);
const scores = Float64Array.from({ length: 4_000 }, () => -Math.log(1 - random.uniform()));
const patterns = Int32Array.from(scores, (_, row) => (row % 8 === 0 ? 1 : 0));

describe('saved calibrations', () => {
  it('are the same once loaded, with those by context and the mean log densities', () => {
    const level = (row: number): string => (row % 2 === 0 ? 'busy' : 'quiet');
    const grouped = atOnce(groupRows({ patterns, leftOut: new Uint8Array(4_000), contexts: 1, level }));
    const rows = { ...grouped, scores, comparable: scores, missingNats: { b: -1.5 } };
    const set = atOnce(fitCalibrationSetSteps(rows, new Random(2)));
    const { tensors, manifest } = savedCalibrations(set);
    expect([...(set.byPattern.get(0)?.split?.byLevel.keys() ?? [])].sort()).toEqual(['busy', 'quiet']);
    const stored = JSON.parse(JSON.stringify(manifest)) as CalibrationManifest;
    expect(loadedCalibrations(new Map(Object.entries(tensors)), stored, 1)).toEqual(set);
  });

  it('of format version 1 have neither, and the p-values they had', () => {
    const set = fitCalibrationSet(scores, patterns, new Random(2));
    const { tensors, manifest } = savedCalibrations(set);
    const { splits: _splits, missingNats: _missingNats, ...first } = manifest;
    expect(loadedCalibrations(new Map(Object.entries(tensors)), first, 0)).toEqual(set);
  });
});
