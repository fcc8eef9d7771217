import { describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';

import { cellValue, fieldKinds } from './field-kinds.ts';

const feature = (type: FeatureSpec['type'], from: FeatureSpec['from']): FeatureSpec => ({
  name: 'f',
  type,
  from,
  role: 'score',
  nullable: false,
  maxLevels: 64,
  period: null,
});

describe('fieldKinds', () => {
  it('knows from the schema what each field holds', () => {
    const kinds = fieldKinds(
      [
        feature('real', { log: { ratio: ['a', { lookup: { table: 't', key: 'code', value: 'v' } }] } }),
        feature('categorical', 'zip'),
        feature('boolean', 'flag'),
        feature('cyclic', { timePart: { of: 'ts', part: 'hourOfDay' } }),
        feature('categorical', 'both'),
        feature('integer', 'both'),
        feature('real', { lag: { of: 'past' } }),
      ],
      { key: ['id'], time: { field: 'time', unit: 's' } },
    );
    expect(Object.fromEntries(kinds)).toEqual({
      a: 'number',
      code: 'text',
      zip: 'text',
      flag: 'boolean',
      ts: 'number',
      both: 'number',
      past: 'number',
      time: 'number',
    });
  });
});

describe('cellValue', () => {
  it.each([
    ['', 'number', null],
    ['', 'text', null],
    ['1.5', 'number', 1.5],
    ['-.5e3', 'number', -500],
    ['01', 'text', '01'],
    ['x', 'number', 'x'],
    ['NaN', 'number', 'NaN'],
    ['0x10', 'number', '0x10'],
    ['2026-05-01T00:00:00Z', 'number', '2026-05-01T00:00:00Z'],
    ['True', 'boolean', true],
    ['no', 'boolean', 'no'],
    ['7', undefined, '7'],
  ] as const)('reads %j as %s', (text, kind, value) => {
    expect(cellValue(text, kind)).toBe(value);
  });
});
