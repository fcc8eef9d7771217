import { at, type FeatureSpec } from '@flowline/events';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import type { GivenValues } from './draw-conditions.ts';
import { rowValues, tableOfValues } from './feature-table.ts';
import { fitEncoding } from './fit-encoding.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 2, period: null },
  ...more,
});
const schema = [
  feature('x', 'positive', { nullable: true }),
  feature('region', 'categorical', { role: 'context' }),
  feature('shop', 'categorical', { nullable: true }),
  feature('staff', 'integer', { role: 'context' }),
  feature('hour', 'cyclic', { role: 'context', period: 24 }),
];
// x is missing in a fifth of the rows, x and shop in a tenth; shop follows region.
const rows = Array.from({ length: 1_000 }, (_, i) => ({
  ...{ x: i % 5 === 0 ? null : 1 + (i % 7), region: i % 2 === 0 ? 'north' : 'south' },
  ...{
    shop: i % 10 === 0 ? null : i % 50 === 49 ? `other ${i}` : i % 2 === 0 ? 'n1' : 's1',
    staff: i % 9,
    hour: i % 24,
  },
}));
const encoding = fitEncoding(schema, tableOfValues(schema, rows));

const drawn = (count: number, given: GivenValues, seed = 1) => {
  const table = encoding.drawConditions(count, new Random(seed), given);
  return Array.from({ length: count }, (_, row) => rowValues(schema, table, row));
};
const share = (of: readonly object[], whole: readonly object[]): number => of.length / whole.length;

describe('drawn conditions', () => {
  it('miss what the training rows miss, together', () => {
    const found = drawn(4_000, {});
    expect(
      share(
        found.filter(({ x }) => x === null),
        found,
      ),
    ).toBeCloseTo(0.2, 1);
    const both = found.filter(({ x, shop }) => x === null && shop === null);
    expect(share(both, found)).toBeCloseTo(0.1, 1);
    expect(found.filter(({ shop, x }) => shop === null && x !== null)).toEqual([]);
  });

  it('have levels that follow those before, and none without a name', () => {
    const found = drawn(2_000, {});
    const shops = found.filter(({ region, shop }) => region === 'north' && shop !== null);
    expect(
      share(
        shops.filter(({ shop }) => shop === 'n1'),
        shops,
      ),
    ).toBeGreaterThan(0.98);
    expect(new Set(found.map(({ shop }) => shop))).toEqual(new Set(['n1', 's1', null]));
    expect(
      share(
        found.filter(({ region }) => region === 'north'),
        found,
      ),
    ).toBeCloseTo(0.5, 1);
  });

  it('draw the context within what was trained, and keep what is given', () => {
    const found = drawn(500, {});
    for (const { staff, hour, x } of found) {
      expect(Number.isInteger(staff) && Number(staff) >= -1 && Number(staff) <= 9).toBe(true);
      expect(Number(hour) >= 0 && Number(hour) < 24).toBe(true);
      expect(x === null || Number(x) > 0).toBe(true);
    }
    const given = drawn(500, { region: 'south', hour: 27, staff: 3 });
    expect(given.every(({ region, hour, staff }) => region === 'south' && hour === 27 && staff === 3)).toBe(true);
    const shops = given.filter(({ shop }) => shop !== null);
    expect(
      share(
        shops.filter(({ shop }) => shop === 's1'),
        shops,
      ),
    ).toBeGreaterThan(0.98);
  });

  it('can be encoded, and repeat by their seed', () => {
    expect(drawn(50, {}, 7)).toEqual(drawn(50, {}, 7));
    expect(drawn(50, {}, 8)).not.toEqual(drawn(50, {}, 7));
    const batch = encoding.encode(encoding.drawConditions(200, new Random(3), {}));
    expect(at(batch.outOfDomain, 0)).toBe(0);
    expect(batch.missingPattern.every((pattern) => pattern >= 0)).toBe(true);
  });

  it('are drawn for features with the names of what every object has', () => {
    const named = [
      feature('x', 'real'),
      feature('valueOf', 'real', { role: 'context' }),
      feature('constructor', 'categorical'),
    ];
    const four = [1, 2, 3, 4].map((i) => ({ x: i, valueOf: i, constructor: 'a' }));
    const fitted = fitEncoding(named, tableOfValues(named, four));
    const table = fitted.drawConditions(20, new Random(1), {});
    const found = Array.from({ length: 20 }, (_, row) => rowValues(named, table, row));
    expect(found.every((values) => Reflect.get(values, 'constructor') === 'a')).toBe(true);
    expect(found.every((values) => Number.isFinite(Reflect.get(values, 'valueOf')))).toBe(true);
  });

  it('are refused for what is missing in no training row', () => {
    expect(() => drawn(1, { region: null })).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID', where: 'context' }),
    );
  });
});
