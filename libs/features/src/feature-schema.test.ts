import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { checkSchema, fieldsOf, isDimension, scaleOf, tableColumns } from './feature-schema.ts';

const feature = (more: Partial<FeatureSpec>): FeatureSpec => ({
  name: 'x',
  type: 'real',
  from: 'x',
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
  ...more,
});

describe('scaleOf', () => {
  it('takes the outermost log or asinh off, once', () => {
    expect(scaleOf(feature({ from: { log: { asinh: 'a' } } }))).toEqual({ scale: 'log', value: { asinh: 'a' } });
    expect(scaleOf(feature({ from: { asinh: 'a' } }))).toEqual({ scale: 'asinh', value: 'a' });
    expect(scaleOf(feature({ from: { ratio: [{ log: 'a' }, 'b'] } }))).toEqual({
      scale: 'none',
      value: { ratio: [{ log: 'a' }, 'b'] },
    });
    expect(scaleOf(feature({ from: 'log' }))).toEqual({ scale: 'none', value: 'log' });
  });
});

describe('fieldsOf', () => {
  it('lists what a schema reads, each field once', () => {
    const place = (key: string) => ({ lookup: { table: 't', key, value: 'v' } });
    expect(
      fieldsOf([
        feature({ from: { log: { ratio: ['a', { haversine: [place('b'), place('c'), 'd.e', 'a'] }] } } }),
        feature({ from: { asinh: { difference: ['f', 'a'] } } }),
        feature({ from: { timePart: { of: 'ts', part: 'month' } } }),
      ]),
    ).toEqual(['a', 'b', 'c', 'd.e', 'f', 'ts']);
  });
});

describe('tableColumns', () => {
  it('keeps numbers and levels apart, in schema order', () => {
    const schema = [
      feature({ name: 'b', type: 'boolean' }),
      feature({ name: 'x' }),
      feature({ name: 'c', type: 'categorical' }),
      feature({ name: 'h', type: 'cyclic', role: 'context', period: 1 }),
    ];
    expect(tableColumns(schema)).toEqual({ numeric: ['x', 'h'], levels: ['b', 'c'] });
    expect(schema.filter(isDimension).map(({ name }) => name)).toEqual(['x']);
  });
});

describe('checkSchema', () => {
  it('accepts what works', () => {
    expect(() => checkSchema([feature({ from: { log: 'a' } })])).not.toThrow();
  });

  it.each<[string, readonly FeatureSpec[], string]>([
    ['a name twice', [feature({}), feature({})], 'features.x'],
    ['a positive feature under a log', [feature({ type: 'positive', from: { log: 'x' } })], 'features.x'],
    ['an integer under an asinh', [feature({ type: 'integer', from: { asinh: 'x' } })], 'features.x'],
    ['a cycle without a period', [feature({}), feature({ name: 'h', type: 'cyclic' })], 'features.h'],
    ['a cycle of no length', [feature({}), feature({ name: 'h', type: 'cyclic', period: 0 })], 'features.h'],
    ['no level at all', [feature({}), feature({ name: 'c', type: 'categorical', maxLevels: 0 })], 'features.c'],
    ['nothing scored', [feature({ role: 'context' }), feature({ name: 'c', type: 'categorical' })], 'features'],
    ['nothing', [], 'features'],
  ])('refuses %s', (_, schema, where) => {
    expect(() => checkSchema(schema)).toThrow(expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID', where }));
  });
});
