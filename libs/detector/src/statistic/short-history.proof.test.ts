import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';
import { groupedRows, groupedSchema } from './testing/grouped-rows.ts';

const families = ['auto', 'gaussian', 'mixture'] as const;
const tests = ['density', 'outlying', 'combined'] as const;
const kinds = ['clean', 'unlabelled'] as const;
const combinations = families.flatMap((family) =>
  tests.flatMap((test) => kinds.map((data) => ({ family, test, data }))),
);

describe('a history of 100 rows', () => {
  it.each(combinations)(
    'trains a $family model that decides by the $test test of $data rows',
    async ({ family, test, data }) => {
      const random = new Random(4);
      const [train, validation, calibration, newest] = [60, 10, 20, 10].map((size) => groupedRows(size, random));
      const { bundle, report } = await trainDetector(
        {
          ...{ name: 'short', schema: groupedSchema, lookups: {}, family, seed: 1, members: 1, data, test },
          alpha: 1e-3,
        },
        { train: train!, validation: validation!, calibration: calibration!, test: newest! },
      );
      expect(report.calibration.hasTail).toBe(false);
      const detector = await Detector.create(bundle, { alpha: 1e-3, backend: 'wasm' });
      const [usual, absurd] = [groupedRows(200, random), groupedRows(200, random)];
      absurd.numeric.forEach((value, i) => (absurd.numeric[i] = value + 1e12));
      const [{ pValues: few }, { pValues: all }] = [await detector.score(usual), await detector.score(absurd)];
      detector.dispose();
      expect(few.filter((p) => p <= 1e-3).length).toBeLessThan(40);
      expect(all.filter((p) => p <= 1e-3)).toHaveLength(200);
    },
    60_000,
  );
});
