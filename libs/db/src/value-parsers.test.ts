import { describe, expect, it } from '@jest/globals';

import pg from 'pg';

import { valueTypes } from './value-parsers.ts';

type Oid = Parameters<typeof valueTypes.getTypeParser>[0];

const { INT8, NUMERIC, TIMESTAMPTZ, TIMESTAMP, DATE, BOOL, FLOAT8, JSONB } = pg.types.builtins;

const parse = (oid: Oid, text: string): unknown =>
  (valueTypes.getTypeParser(oid, 'text') as (text: string) => unknown)(text);

describe('valueTypes', () => {
  it.each<[string, Oid, string, unknown]>([
    ['int8', INT8, '9007199254740991', 9007199254740991],
    ['int8 beyond a float64', INT8, '9007199254740993', '9007199254740993'],
    ['numeric', NUMERIC, '0.125', 0.125],
    ['numeric NaN', NUMERIC, 'NaN', NaN],
    ['timestamptz', TIMESTAMPTZ, '2026-01-02 03:04:05.678+05:30', new Date('2026-01-01T21:34:05.678Z')],
    ['timestamp', TIMESTAMP, '2026-01-02 03:04:05.678', new Date('2026-01-02T03:04:05.678Z')],
    ['date', DATE, '2026-01-02', new Date('2026-01-02T00:00:00Z')],
    ['date before our era', DATE, '0044-03-15 BC', new Date('-000043-03-15T00:00:00Z')],
    ['infinite time', TIMESTAMP, '-infinity', -Infinity],
    ['boolean', BOOL, 't', true],
    ['float8', FLOAT8, '-1e300', -1e300],
    ['json', JSONB, '{"a":[1]}', { a: [1] }],
  ])('reads %s', (_name, oid, text, value) => {
    expect(parse(oid, text)).toEqual(value);
  });
});
