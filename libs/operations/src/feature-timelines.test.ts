import type { FeatureSampleRow } from '@flowline/db';
import type { FeatureSpec, FeatureType } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { featureTimelines } from './feature-timelines.ts';

const spec = (name: string, type: FeatureType = 'real'): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: true, maxLevels: 10 },
  ...{ period: type === 'cyclic' ? 86_400_000 : null },
});
const from = new Date(Date.UTC(2026, 0, 1));
const intervals = { from, lengthMs: 60_000, count: 3 };
const rowAt = (minute: number, numbers: readonly (number | null)[], detectorVersion = 1): FeatureSampleRow => ({
  ...{ eventTime: new Date(from.getTime() + 60_000 * minute), detectorVersion, numbers },
});
const schema = [spec('a'), spec('level', 'categorical'), spec('hour', 'cyclic'), spec('b')];
const schemas = { inForce: schema, byVersion: new Map([[1, schema]]) };
const usual = new Map([['b', { p05: 0, median: 5, p95: 10 }]]);

describe('featureTimelines', () => {
  it('has numbers by interval, with those that are missing, and none where there is no event', () => {
    const rows = [rowAt(0, [1, 9, 1]), rowAt(0.5, [3, 9, 2]), rowAt(0.9, [null, 9, 3]), rowAt(2, [null, 9, 4])];
    const [, a] = featureTimelines(rows, schemas, intervals, usual);
    expect(a).toMatchObject({ feature: 'a', expected: null, outside: null });
    expect(a?.cells).toEqual([
      { at: from, events: 3, missing: 1, values: { p05: 1.1, median: 2, p95: 2.9 } },
      { at: new Date(from.getTime() + 120_000), events: 1, missing: 1, values: null },
    ]);
  });

  it('leaves out levels and cyclic features', () => {
    expect(
      featureTimelines([], schemas, intervals, usual)
        .map(({ feature }) => feature)
        .toSorted(),
    ).toEqual(['a', 'b']);
  });

  it('counts what lies outside of the expected range, and lists what departs from a tenth first', () => {
    const wide = new Map([...usual, ['a', { p05: -1e9, median: 0, p95: 1e9 }]]);
    const rows = [-1, 5, 11, 12].map((value, i) => rowAt(i % 3, [0, 9, value]));
    const found = featureTimelines(rows, schemas, intervals, wide);
    expect(found.map(({ feature, outside }) => [feature, outside])).toEqual([
      ['b', 0.75],
      ['a', 0],
    ]);
  });

  it('finds features of another version by their names, and none that it did not have', () => {
    const versions = new Map([
      [1, [spec('b')]],
      [2, [spec('a'), spec('b')]],
    ]);
    const rows = [rowAt(0, [7], 1), rowAt(1, [3, 8], 2)];
    const found = featureTimelines(rows, { inForce: [spec('a'), spec('b')], byVersion: versions }, intervals, usual);
    const medians = found.map(({ feature, cells }) => [feature, cells.map(({ values }) => values?.median)]);
    expect(Object.fromEntries(medians)).toEqual({ a: [3], b: [7, 8] });
  });
});
