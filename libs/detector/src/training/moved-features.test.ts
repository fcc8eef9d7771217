import { describe, expect, it } from '@jest/globals';
import { atOnce, type FeatureSpec } from '@flowline/events';
import { columnsOf, type FeatureTable } from '@flowline/features';
import { Random } from '@flowline/flows';
import { movedFeatures } from './moved-features.ts';

const movedBetween = (features: readonly FeatureSpec[], older: FeatureTable, newer: FeatureTable) =>
  atOnce(movedFeatures(features, columnsOf(older), columnsOf(newer)));

const feature = (name: string, type: FeatureSpec['type']): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: true,
  maxLevels: 64,
  period: null,
});
const schema = [
  feature('still', 'real'),
  feature('warm', 'real'),
  feature('kind', 'categorical'),
  feature('gone', 'real'),
];

function rows(size: number, seed: number, { shift = 0, other = 0.1, missing = 0 } = {}): FeatureTable {
  const random = new Random(seed);
  const numeric = new Float64Array(3 * size);
  const levels: string[] = [];
  for (let i = 0; i < size; i++) {
    const lost = random.uniform() < missing;
    numeric.set([random.normal(), shift + random.normal(), lost ? NaN : random.normal()], 3 * i);
    levels.push(random.uniform() < other ? 'other' : 'usual');
  }
  return { size, numeric, numericWidth: 3, levels, levelWidth: 1 };
}

describe('movedFeatures', () => {
  it('finds nothing where nothing moved', () => {
    expect(movedBetween(schema, rows(4_000, 1), rows(1_000, 2))).toEqual([]);
  });

  it('ranks what moved, in the units of the feature', () => {
    const moved = movedBetween(schema, rows(4_000, 1), rows(1_000, 2, { shift: 2, other: 0.6, missing: 0.3 }));
    expect(moved.map((each) => each.feature)).toEqual(['warm', 'kind', 'gone']);
    // Distance of two normals two deviations apart: 2Φ(1) − 1.
    expect(moved[0]?.distance).toBeCloseTo(0.683, 1);
    expect(moved[0]?.after).toBeCloseTo(2, 0);
    expect(moved[1]).toMatchObject({ before: 'usual', after: 'other' });
    expect(moved[1]?.distance).toBeCloseTo(0.5, 1);
    expect(moved[2]?.missingAfter).toBeCloseTo(0.3, 1);
  });

  it('compares rows from the whole of a large table, evenly spaced', () => {
    const older = Float64Array.from({ length: 250_000 }, (_, row) => row);
    const newer = Float64Array.from({ length: 1_000 }, (_, row) => 124_500 + row);
    const table = (numeric: Float64Array): FeatureTable => ({
      ...{ size: numeric.length, numeric, numericWidth: 1, levels: [], levelWidth: 0 },
    });
    const [moved] = movedBetween([feature('row', 'real')], table(older), table(newer));
    expect(moved?.distance).toBeCloseTo(0.498, 3);
    expect(moved?.before).toBeCloseTo(125_000, -1);
  });

  it('compares where in its cycle a cyclic value lies, however long ago', () => {
    const day: FeatureSpec = { ...feature('hour', 'cyclic'), period: 24 };
    const hours = (size: number, seed: number, from: number, middle: number): FeatureTable => {
      const random = new Random(seed);
      const numeric = Float64Array.from({ length: size }, () => from + middle + 3 * random.normal());
      return { size, numeric, numericWidth: 1, levels: [], levelWidth: 0 };
    };
    // Around midnight, a hundred days later: the same.
    expect(movedBetween([day], hours(4_000, 1, 24, 0), hours(1_000, 2, 2_400, 0))).toEqual([]);
    const [moved] = movedBetween([day], hours(4_000, 1, -24, 23), hours(1_000, 2, 2_400, 5));
    expect(moved).toMatchObject({ feature: 'hour', period: 24 });
    expect(moved?.before).toBeCloseTo(23, 0);
    expect(moved?.after).toBeCloseTo(5, 0);
  });

  it('says nothing of tables without rows', () => {
    expect(movedBetween(schema, rows(0, 1), rows(100, 2))).toEqual([]);
  });
});
