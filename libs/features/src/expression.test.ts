import type { Expression } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { compileExpression } from './expression.ts';
import { Fault } from './fault.ts';
import { haversineKm } from './haversine.ts';

const lookups = {
  airports: {
    key: 'iata',
    rows: {
      JFK: { latitude: 40.6, longitude: -73.8, city: 'New York', runways: null },
      LAX: { latitude: 33.9, longitude: -118.4, city: 'Los Angeles', runways: 4 },
      '7': { latitude: 1, longitude: 2, city: 'Seven', runways: 1 },
    },
  },
};

const evaluate = (expression: Expression, record: Record<string, unknown>) =>
  compileExpression(expression, lookups)(record);

describe('a field', () => {
  it('is read by its path', () => {
    expect(evaluate('a', { a: 1.5 })).toBe(1.5);
    expect(evaluate('a.b.c', { a: { b: { c: 'x' } } })).toBe('x');
    expect(evaluate('a.b', { 'a.b': true })).toBe(true);
    expect(evaluate('a', { a: 12n })).toBe(12);
  });

  it('is missing where it, or an object on the way, is absent or null', () => {
    for (const record of [{}, { a: null }, { a: {} }, { a: { b: null } }, { 'a.b': null }]) {
      expect(evaluate('a.b', record)).toBeNull();
    }
  });

  it('is never what a record inherits', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'a.constructor', 'hasOwnProperty.name']) {
      expect(evaluate(name, { a: {} })).toBeNull();
    }
    expect(evaluate('constructor', { constructor: 3 })).toBe(3);
    expect(evaluate('__proto__.x', JSON.parse('{"__proto__": {"x": 4}}') as Record<string, unknown>)).toBe(4);
  });

  it('is a fault where something else stands in its way', () => {
    expect(evaluate('a.b', { a: 5 })).toEqual(new Fault('wrong_type', 'a', 'a is the number 5; expected an object.'));
    expect(evaluate('a.b.c', { a: { b: [1] } })).toMatchObject({ reason: 'wrong_type', field: 'a.b' });
    expect(evaluate('a', { a: {} })).toMatchObject({ reason: 'wrong_type', field: 'a' });
    expect(evaluate('a', { a: [1] })).toMatchObject({ reason: 'wrong_type', field: 'a' });
  });
});

describe('arithmetic', () => {
  const record = { a: 9, b: 2, zero: 0, text: '9', yes: true, time: new Date(5000) };

  it('computes', () => {
    expect(evaluate({ difference: ['a', 'b'] }, record)).toBe(7);
    expect(evaluate({ ratio: ['a', 'b'] }, record)).toBe(4.5);
    expect(evaluate({ ratio: ['a', 'zero'] }, record)).toBe(Infinity);
    expect(evaluate({ log: 'a' }, record)).toBe(Math.log(9));
    expect(evaluate({ asinh: { difference: ['b', 'a'] } }, record)).toBe(Math.asinh(-7));
    expect(evaluate({ difference: ['time', 'a'] }, record)).toBe(4991);
  });

  it('measures kilometres between looked-up places', () => {
    const end = (key: string, value: string) => ({ lookup: { table: 'airports', key, value } });
    const expression: Expression = {
      haversine: [end('from', 'latitude'), end('from', 'longitude'), end('to', 'latitude'), end('to', 'longitude')],
    };
    expect(evaluate(expression, { from: 'JFK', to: 'LAX' })).toBe(haversineKm(40.6, -73.8, 33.9, -118.4));
    expect(evaluate(expression, { from: 'JFK' })).toBeNull();
    expect(evaluate(expression, { from: null, to: 'XXX' })).toMatchObject({ reason: 'unknown_key', field: 'to' });
  });

  it('takes no text and no truth for a number', () => {
    expect(evaluate({ difference: ['a', 'text'] }, record)).toEqual(
      new Fault('wrong_type', 'text', 'text is the text "9"; expected a number.'),
    );
    expect(evaluate({ log: 'yes' }, record)).toMatchObject({ reason: 'wrong_type', field: 'yes' });
  });

  it('is missing where an operand is, unless another is at fault', () => {
    expect(evaluate({ ratio: ['a', 'absent'] }, record)).toBeNull();
    expect(evaluate({ log: 'absent' }, record)).toBeNull();
    expect(evaluate({ ratio: ['absent', 'text'] }, record)).toMatchObject({ reason: 'wrong_type' });
  });
});

describe('lookup', () => {
  const city: Expression = { lookup: { table: 'airports', key: 'code', value: 'city' } };

  it('finds text and numbers by text or number', () => {
    expect(evaluate(city, { code: 'JFK' })).toBe('New York');
    expect(evaluate(city, { code: 7 })).toBe('Seven');
    expect(evaluate({ lookup: { table: 'airports', key: 'code', value: 'runways' } }, { code: 'JFK' })).toBeNull();
  });

  it('tells an unknown key, and nothing that objects inherit is a key', () => {
    for (const code of ['XXX', 'constructor', '__proto__', '']) {
      expect(evaluate(city, { code })).toMatchObject({ reason: 'unknown_key', field: 'code' });
    }
    expect(evaluate(city, {})).toBeNull();
  });

  it('needs its table and its column', () => {
    const compile = (table: string, value: string) => () =>
      compileExpression({ lookup: { table, key: 'k', value } }, lookups);
    const invalid = expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' });
    expect(compile('ports', 'city')).toThrow(invalid);
    expect(compile('toString', 'city')).toThrow(invalid);
    expect(compile('airports', 'country')).toThrow(invalid);
  });
});

describe('timePart', () => {
  const hour: Expression = { timePart: { of: 'ts', part: 'hourOfDay' } };

  it('reads Dates, ISO text and milliseconds alike', () => {
    const time = Date.UTC(2001, 0, 1, 13, 30);
    for (const ts of [time, new Date(time), '2001-01-01T13:30:00Z', '2001-01-01 14:30:00+01']) {
      expect(evaluate(hour, { ts })).toBe(13);
    }
    expect(evaluate({ timePart: { of: 'ts', part: 'hourOfDay', timezone: 'Asia/Tokyo' } }, { ts: time })).toBe(22);
    expect(evaluate({ difference: [hour, 'x'] }, { ts: time, x: 3 })).toBe(10);
  });

  it('tells what is no time', () => {
    for (const ts of ['yesterday', '13', 1e300, NaN, new Date(NaN)]) {
      expect(evaluate(hour, { ts })).toMatchObject({ reason: 'bad_time', field: 'ts' });
    }
    expect(evaluate(hour, { ts: true })).toMatchObject({ reason: 'wrong_type' });
    expect(evaluate(hour, {})).toBeNull();
  });
});
