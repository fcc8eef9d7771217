import { describe, expect, it } from '@jest/globals';
import { columnsOf, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';

import type { ModelBundle } from '../bundle/bundle.ts';
import { loadBundle, saveBundle } from '../bundle/save-bundle.ts';
import { Detector } from '../detector.ts';
import { anomalyReason } from '../alert.ts';
import type { Scores } from '../scores.ts';
import { recalibrate } from '../training/recalibrate.ts';
import { trainDetector } from '../training/train-detector.ts';
import type { DetectorTrainingSpec } from '../training/training-spec.ts';
import { groupedRows, groupedSchema, groupsOf } from './testing/grouped-rows.ts';

const ALPHA = 0.01;
const base: Omit<DetectorTrainingSpec, 'schema' | 'data'> = {
  ...{ name: 'outlying', lookups: {}, family: 'realNVP', seed: 2, members: 1, alpha: ALPHA, steps: 300 },
  test: 'outlying',
};

const scored = async (bundle: ModelBundle, table: FeatureTable): Promise<Scores> => {
  const detector = await Detector.create(bundle, { alpha: ALPHA, backend: 'wasm' });
  try {
    return await detector.score(table);
  } finally {
    detector.dispose();
  }
};
const shareOf = (pValues: ArrayLike<number>, rows: readonly number[]): number =>
  rows.filter((row) => pValues[row]! <= ALPHA).length / rows.length;

const histories = [
  { data: 'clean', anomalies: 0 },
  { data: 'unlabelled', anomalies: 0 },
  { data: 'unlabelled', anomalies: 0.02 },
] as const;

describe('the outlying test', () => {
  const trained = async (data: 'clean' | 'unlabelled', anomalies: number, changes = {}): Promise<ModelBundle> => {
    const random = new Random(5);
    const history = {
      train: groupedRows(8_000, random, anomalies),
      validation: groupedRows(1_000, random, anomalies),
      calibration: groupedRows(16_000, random, anomalies),
      test: groupedRows(2_000, random, anomalies),
    };
    return (await trainDetector({ ...base, schema: groupedSchema, data, ...changes }, history)).bundle;
  };

  it.each(histories)(
    'keeps the rate within each group of $data history with $anomalies of anomalies, and finds them',
    async ({ data, anomalies }) => {
      const bundle = await trained(data, anomalies);
      const table = groupedRows(40_000, new Random(6));
      const { pValues } = await scored(bundle, table);
      for (const rows of groupsOf(table)) {
        expect(shareOf(pValues, rows)).toBeGreaterThan(0.005);
        expect(shareOf(pValues, rows)).toBeLessThan(0.02);
      }
      const far = await scored(bundle, groupedRows(500, new Random(8), 1));
      expect(shareOf(far.pValues, [...far.pValues.keys()])).toBeGreaterThan(0.95);
    },
    120_000,
  );

  it('decides the same once saved and loaded, row by row, and names what raised an event', async () => {
    for (const data of ['clean', 'unlabelled'] as const) {
      const bundle = await trained(data, 0);
      const table = groupedRows(300, new Random(3), 0.1);
      const first = await scored(bundle, table);
      expect(await scored(loadBundle(saveBundle(bundle)), table)).toEqual(first);
      const reasons = new Set([...first.pValues.keys()].map((row) => anomalyReason(first, row)));
      for (const reason of reasons) expect(['low_density', 'distant']).toContain(reason);
    }
  }, 120_000);

  it('finds what a test finds that measures every row', async () => {
    const [few, all] = [await trained('clean', 0), await trained('clean', 0, { remoteShare: 1 })];
    const table = groupedRows(2_000, new Random(9), 0.5);
    const [some, every] = [await scored(few, table), await scored(all, table)];
    const alarms = ({ pValues }: Scores) => [...pValues.keys()].filter((row) => pValues[row]! <= ALPHA);
    const found = new Set(alarms(some));
    expect(found.size).toBeGreaterThan(950);
    expect(alarms(every).filter((row) => !found.has(row)).length).toBeLessThan(20);
  }, 120_000);

  it('is certain of what resembles nothing, also by a few calibration rows', async () => {
    const random = new Random(15);
    const [train, validation, calibration, test] = [700, 100, 150, 100].map((size) => groupedRows(size, random));
    for (const data of ['clean', 'unlabelled'] as const) {
      const history = { train: train!, validation: validation!, calibration: calibration!, test: test! };
      const { bundle } = await trainDetector({ ...base, schema: groupedSchema, data, alpha: 1e-6 }, history);
      const { numeric, ...table } = groupedRows(20, new Random(16));
      const far = { ...table, numeric: numeric.map((value, i) => (i % 2 === 0 ? value + 1e4 : value)) };
      const { pValues, pMethods } = await scored(bundle, far);
      expect(Math.max(...pValues)).toBeLessThan(1e-9);
      expect(new Set(pMethods)).toEqual(new Set(['floor']));
    }
  }, 120_000);

  it('is recalibrated at the same rate on rows that the model itself keeps', async () => {
    const random = new Random(5);
    const [train, validation, calibration, test] = [1_500, 300, 4_000, 1_000].map((size) => groupedRows(size, random));
    const history = { train: train!, validation: validation!, calibration: calibration!, test: test! };
    const own = { ...base, schema: groupedSchema, data: 'clean' as const };
    const { bundle: champion } = await trainDetector(own, history);
    const again = { champion, sha256: 'a', calibration: columnsOf(calibration!), test: columnsOf(test!) };
    const fresh = groupedRows(20_000, new Random(13));
    const alarms = async (bundle: ModelBundle): Promise<number> => {
      const { pValues } = await scored(bundle, fresh);
      return shareOf(pValues, [...pValues.keys()]);
    };
    const { bundle } = await recalibrate(own, { ...again, keptRows: calibration!.size });
    const [first, second] = [await alarms(champion), await alarms(bundle)];
    // The rows are the same, and so are the distances from them.
    expect(second / first).toBeGreaterThan(0.95);
    expect(second / first).toBeLessThan(1.05);
    const { bundle: blind } = await recalibrate(own, { ...again, keptRows: 0 });
    expect((await alarms(blind)) / first).toBeGreaterThan(1.2);
  }, 120_000);

  it('is recalibrated with the rows that the model keeps', async () => {
    for (const data of ['clean', 'unlabelled'] as const) {
      const champion = await trained(data, 0);
      const random = new Random(12);
      const [calibration, test] = [groupedRows(8_000, random), groupedRows(1_000, random)];
      const { bundle } = await recalibrate(
        { ...base, schema: groupedSchema, data },
        { champion, sha256: 'a', calibration: columnsOf(calibration), keptRows: 0, test: columnsOf(test) },
      );
      expect(bundle.statistic).toMatchObject({ test: 'outlying' });
      const { pValues } = await scored(bundle, groupedRows(20_000, new Random(13)));
      expect(shareOf(pValues, [...pValues.keys()])).toBeGreaterThan(0.006);
      expect(shareOf(pValues, [...pValues.keys()])).toBeLessThan(0.016);
    }
  }, 120_000);
});
