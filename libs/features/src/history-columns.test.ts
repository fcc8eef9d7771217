import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { compareColumns, type RowColumn } from './history-columns.ts';

const feature = (name: string, type: FeatureSpec['type'], from: FeatureSpec['from'] = name): FeatureSpec => ({
  ...{ name, type, from, role: 'score', nullable: true, maxLevels: 64, period: null },
});
const column = (name: string, type: RowColumn['type'] = 'other'): RowColumn => ({ name, type });

describe('compareColumns', () => {
  it('finds fields without a column, nullable or not, and knows what holds another', () => {
    const schema = [
      feature('wind_speed', 'real'),
      feature('lat', 'real', 'geo.lat'),
      feature('lon', 'real', 'geo.lon'),
      feature('rate', 'real', { ratio: ['a', { lookup: { table: 't', key: 'code', value: 'v' } }] }),
    ];
    const columns = ['windspeed', 'geo.lat', 'a'].map((name) => column(name));
    expect(compareColumns(schema, ['sensor'], columns).missing).toEqual(['wind_speed', 'geo.lon', 'code', 'sensor']);
    const whole = ['wind_speed', 'geo', 'a', 'code', 'sensor'].map((name) => column(name));
    expect(compareColumns(schema, ['sensor'], whole)).toEqual({ missing: [], unmatchable: [] });
  });

  it('finds names of which JSON and CSV have different texts, and leaves times and documents elsewhere', () => {
    const schema = [
      feature('level', 'categorical', 'at'),
      feature('x', 'real', { difference: ['end', { lookup: { table: 't', key: 'begin', value: 'v' } }] }),
      feature('y', 'real', 'body.y'),
      feature('hour', 'cyclic', 'end'),
    ];
    const columns = [
      ...['at', 'begin', 'end', 'day'].map((name) => column(name, 'timestamp')),
      ...['body', 'who'].map((name) => column(name, 'document')),
    ];
    const { missing, unmatchable } = compareColumns(schema, ['who', 'day'], columns);
    expect(missing).toEqual([]);
    expect(unmatchable.map(({ name }) => name)).toEqual(['begin', 'at', 'who', 'day']);
  });
});
