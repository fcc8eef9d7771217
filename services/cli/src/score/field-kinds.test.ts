import { describe, expect, it } from '@jest/globals';
import { type FeatureSpec, Numeral } from '@flowline/events';

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
    const columns = [['a', 'b'], ['true'], ['7'], ['false', 'true']];
    const kinds = fieldKinds({
      schema: [
        feature('real', { log: { ratio: ['a', { lookup: { table: 't', key: 'code', value: 'v' } }] } }),
        feature('real', { lookup: { table: 'truth', key: 'is', value: 'v' } }),
        feature('categorical', 'zip'),
        feature('boolean', 'flag'),
        feature('cyclic', { timePart: { of: 'ts', part: 'hourOfDay' } }),
        feature('categorical', 'both'),
        feature('integer', 'both'),
        feature('categorical', 'truth'),
        feature('real', { lag: { of: 'past.inner' } }),
      ],
      lookups: { t: { key: 'k', rows: { x: { v: 1 } } }, truth: { key: 'k', rows: { true: { v: 1 } } } },
      entity: { key: ['id', 'flag'], time: { field: 'time', unit: 's' } },
      encoding: {
        toJSON: () => ({ levels: columns.map((levels) => ({ levels, counts: [], unseen: 0, closed: false })) }),
      },
    });
    expect(Object.fromEntries(kinds)).toEqual({
      a: 'number',
      code: 'text',
      is: 'boolean',
      zip: 'text',
      flag: 'boolean',
      ts: 'number',
      both: 'numeral',
      truth: 'boolean',
      past: 'object',
      'past.inner': 'number',
      id: 'text',
      time: 'number',
    });
  });
});

describe('cellValue', () => {
  it.each([
    [null, 'number', null],
    [null, 'text', null],
    [null, undefined, null],
    ['', 'number', null],
    ['', 'boolean', null],
    ['', 'text', ''],
    ['1.5', 'number', 1.5],
    ['-.5e3', 'number', -500],
    ['-.5e3', 'numeral', new Numeral('-.5e3')],
    ['1.0', 'number', 1],
    ['1.0', 'numeral', new Numeral('1.0')],
    ['9007199254740993', 'numeral', new Numeral('9007199254740993')],
    ['1e999', 'number', Infinity],
    ['NA', 'numeral', null],
    ['', 'numeral', null],
    ['x', 'numeral', 'x'],
    [' 7 ', 'number', 7],
    ['01', 'text', '01'],
    ['x', 'number', 'x'],
    ['NaN', 'number', 'NaN'],
    ['0x10', 'number', '0x10'],
    ['2026-05-01T00:00:00Z', 'number', '2026-05-01T00:00:00Z'],
    ['True', 'boolean', true],
    ['t', 'boolean', true],
    ['f', 'boolean', false],
    ['t', 'text', 't'],
    ['no', 'boolean', 'no'],
    ['7', undefined, '7'],
    ['{"lat":1}', 'object', { lat: 1 }],
    ['{1,2}', 'object', '{1,2}'],
    ['NA', 'number', null],
    ['\\N', 'number', null],
    ['NA', 'text', 'NA'],
  ] as const)('reads %j as %s', (text, kind, value) => {
    expect(cellValue(text, kind)).toEqual(value);
  });
});
