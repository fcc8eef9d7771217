import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, selectRows } from '@flowline/features';
import { Random } from '@flowline/flows';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { anomalyReason } from '../alert.ts';
import type { ModelBundle } from '../bundle/bundle.ts';
import { loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import type { Scores } from '../scores.ts';
import { trainDetector } from '../training/train-detector.ts';
import type { TrainingReport } from '../training/training-report.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { faults, Plant } from './testing/faults.ts';

const ALPHA = 1e-3;
const EVENTS = 4_000;
const base: Omit<DetectorTrainingSpec, 'schema'> = {
  ...{ name: 'plant', lookups: {}, family: 'realNVP', seed: 2, members: 1, data: 'clean', alpha: ALPHA },
  test: 'combined',
};
const caught = ({ pValues }: Scores, alpha = ALPHA): number =>
  pValues.filter((p) => p <= alpha).length / pValues.length;

const scored = async (bundle: ModelBundle, table: FeatureTable): Promise<Scores> => {
  const detector = await Detector.create(bundle, { alpha: ALPHA, backend: 'wasm' });
  try {
    return await detector.score(table);
  } finally {
    detector.dispose();
  }
};

/** Trained model of a plant, whose seed decides on its law, its history and its training. */
const trainedOn = (plant: Plant, seed: number): Promise<{ bundle: ModelBundle; report: TrainingReport }> => {
  const rows = { train: 28_000, validation: 4_000, calibration: 20_000, test: 8_000 };
  return trainDetector({ ...base, seed, schema: plant.schema }, plant.history(rows, new Random(100 + seed)));
};

describe('the combined test with 20,000 calibration rows', () => {
  it.each([1, 2, 3])(
    'catches what low density is blind to, at the rate asked for, with seed %d',
    async (seed) => {
      const plant = new Plant(seed);
      const { bundle, report } = await trainedOn(plant, seed);
      expect(report.alarms.verdict).toBe('inside');
      // 100 of 100,000 events are asked for, give or take those by which 20 of 20,000 rows err.
      const alarms = caught(await scored(bundle, plant.draw(100_000, new Random(9))));
      expect(alarms).toBeGreaterThan(0.5 * ALPHA);
      expect(alarms).toBeLessThan(1.4 * ALPHA);
      const changed = faults(plant, 5);
      const share = async (fault: string): Promise<number> =>
        caught(await scored(bundle, plant.draw(EVENTS, new Random(7), changed[fault])));
      expect(await share('stuck')).toBeGreaterThanOrEqual(0.95);
      expect(await share('halved')).toBeGreaterThanOrEqual(0.4);
      expect(await share('off')).toBeGreaterThanOrEqual(0.7);
    },
    300_000,
  );
});

describe('a model of the combined test', () => {
  const plant = new Plant(1);
  let bundle: ModelBundle;

  beforeAll(async () => {
    ({ bundle } = await trainedOn(plant, 1));
  }, 300_000);

  it('names the component that raised an event', async () => {
    const { stuck, off } = faults(plant, 8);
    const still = await scored(bundle, plant.draw(10, new Random(1), stuck));
    expect(anomalyReason(still, 0)).toBe('high_density');
    const scores = await scored(bundle, plant.draw(200, new Random(1), off));
    const reasons = Array.from({ length: 200 }, (_, row) => anomalyReason(scores, row));
    expect(reasons.filter((reason) => reason === 'extreme_value').length).toBeGreaterThan(100);
  });

  it('scores the same once saved and loaded, whatever the batch', async () => {
    const bytes = saveBundle(bundle);
    const table = plant.draw(300, new Random(3), faults(plant, 4).off);
    const first = await scored(bundle, table);
    expect(await scored(loadBundle(bytes), table)).toEqual(first);
    const rows = [299, 4, 17];
    const { pValues } = await scored(bundle, selectRows(table, rows));
    expect([...pValues]).toEqual(rows.map((row) => first.pValues[row]));
  });

  it('has p-values of the same size on every backend', async () => {
    const table = plant.draw(200, new Random(4), faults(plant, 4).off);
    const first = await scored(bundle, table);
    const detector = await Detector.create(bundle, { alpha: ALPHA, backend: 'reference' });
    const { pValues } = await detector.score(table);
    detector.dispose();
    const apart = pValues.filter((p, row) => Math.abs(Math.log(p / first.pValues[row]!)) > 0.02).length;
    expect(apart).toBe(0);
  });
});

const feature = (name: string, type: FeatureSpec['type'], others: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
  ...others,
});

describe('the combined test over groups of rows', () => {
  const schema = [
    feature('a', 'real'),
    feature('b', 'real', { nullable: true }),
    feature('busy', 'boolean', { role: 'context' }),
  ];

  /** Busy rows vary twenty times as much; b follows a, and is missing in a third of the rows. */
  const drawn = (size: number, random: Random, anomalies = 0): FeatureTable => {
    const numeric = new Float64Array(2 * size);
    const levels = Array.from({ length: size }, (_, row) => {
      const isBusy = random.uniform() < 0.5;
      const spread = isBusy ? 1 : 0.05;
      const shift = random.uniform() < anomalies ? 30 : 0;
      const a = spread * random.normal() + shift;
      numeric.set([a, random.uniform() < 1 / 3 ? NaN : 100 * (a + 0.3 * spread * random.normal())], 2 * row);
      return String(isBusy);
    });
    return { size, numeric, numericWidth: 2, levels, levelWidth: 1 };
  };
  const trained = async (data: 'clean' | 'unlabelled', anomalies: number): Promise<ModelBundle> => {
    const random = new Random(5);
    const history = {
      train: drawn(8_000, random, anomalies),
      validation: drawn(1_000, random, anomalies),
      calibration: drawn(24_000, random, anomalies),
      test: drawn(2_000, random, anomalies),
    };
    return (await trainDetector({ ...base, schema, data, alpha: 0.01, steps: 300 }, history)).bundle;
  };

  it.each([
    ['clean', 0],
    ['unlabelled', 0],
    ['unlabelled', 0.02],
  ] as const)('keeps the rate within each of %s history with anomalies in %d', async (data, anomalies) => {
    const bundle = await trained(data, anomalies);
    const table = drawn(40_000, new Random(6));
    const { pValues } = await scored(bundle, table);
    for (const level of ['true', 'false']) {
      for (const isMissing of [true, false]) {
        const own = pValues.filter(
          (_, row) => table.levels[row] === level && Number.isNaN(table.numeric[2 * row + 1]!) === isMissing,
        );
        const rate = own.filter((p) => p <= 0.01).length / own.length;
        expect(rate).toBeGreaterThan(0.005);
        expect(rate).toBeLessThan(0.02);
      }
    }
    const found = await scored(bundle, drawn(500, new Random(8), 1));
    expect(caught(found)).toBeGreaterThan(0.95);
  });
});
