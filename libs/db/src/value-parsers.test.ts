import { describe, expect, it } from '@jest/globals';

import { valueTypes } from './value-parsers.ts';

type Oid = Parameters<typeof valueTypes.getTypeParser>[0];

const parse = (oid: Oid, text: string): unknown =>
  (valueTypes.getTypeParser(oid, 'text') as (text: string) => unknown)(text);

describe('valueTypes', () => {
  it.each<[string, Oid, string, unknown]>([
    ['int8', 20, '9007199254740991', 9007199254740991],
    ['int8 beyond a float64', 20, '9007199254740993', '9007199254740993'],
    ['numeric', 1700, '0.125', 0.125],
    ['numeric NaN', 1700, 'NaN', NaN],
    ['timestamptz', 1184, '2026-01-02 03:04:05.678+05:30', new Date('2026-01-01T21:34:05.678Z')],
    ['timestamp', 1114, '2026-01-02 03:04:05.678', new Date('2026-01-02T03:04:05.678Z')],
    ['date', 1082, '2026-01-02', new Date('2026-01-02T00:00:00Z')],
    ['date before our era', 1082, '0044-03-15 BC', new Date('-000043-03-15T00:00:00Z')],
    ['infinite time', 1114, '-infinity', -Infinity],
    ['boolean', 16, 't', true],
    ['float8', 701, '-1e300', -1e300],
    ['json', 3802, '{"a":[1]}', { a: [1] }],
  ])('reads %s', (_name, oid, text, value) => {
    expect(parse(oid, text)).toEqual(value);
  });
});
