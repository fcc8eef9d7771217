import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createRecordReader } from './record-reader.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  type,
  from: name,
  role: type === 'cyclic' ? 'context' : 'score',
  nullable: false,
  maxLevels: 64,
  period: type === 'cyclic' ? 86_400_000 : null,
  ...more,
});

const schema = [
  feature('amount', 'real'),
  feature('method', 'categorical'),
  feature('items', 'integer', { nullable: true, from: 'cart.items' }),
  feature('paid', 'boolean'),
  feature('hour', 'cyclic', { from: 'ts' }),
  feature('note', 'categorical', { nullable: true }),
];
const good = { amount: 1.5, method: 'GET', cart: { items: 3 }, paid: true, ts: 3_600_000, note: 'x' };
const reader = createRecordReader(schema, {});
const fault = (change: Record<string, unknown>) => reader.read([{ ...good, ...change }]).faults[0];

describe('createRecordReader', () => {
  it('reads records as rows, in schema order', () => {
    const { table, accepted, faults } = reader.read([
      good,
      { ...good, amount: -2n, method: 200, cart: null, paid: false, ts: '1970-01-01T02:00Z', note: null },
      { ...good, amount: new Date(7), method: true, cart: {}, ts: new Date(0), note: '' },
    ]);
    expect(faults).toEqual([]);
    expect([...accepted]).toEqual([0, 1, 2]);
    expect(table.size).toBe(3);
    expect([...table.numeric]).toEqual([1.5, 3, 3_600_000, -2, NaN, 7_200_000, 7, NaN, 0]);
    expect(table.levels).toEqual(['GET', 'true', 'x', '200', 'false', null, 'true', 'true', '']);
  });

  it('keeps rows and faults apart', () => {
    const { table, accepted, faults } = reader.read([{ ...good, method: {} }, good, 7, { ...good, note: Infinity }]);
    expect(table.size).toBe(1);
    expect([...table.numeric]).toEqual([1.5, 3, 3_600_000]);
    expect(table.levels).toEqual(['GET', 'true', 'x']);
    expect([...accepted]).toEqual([1]);
    expect(faults.map(({ index, reason }) => [index, reason])).toEqual([
      [0, 'wrong_type'],
      [2, 'not_an_object'],
      [3, 'not_finite'],
    ]);
  });

  it('reads no records', () => {
    expect(reader.read([])).toMatchObject({ table: { size: 0, numericWidth: 3, levelWidth: 3 }, faults: [] });
  });

  it.each([
    [{ amount: '12.5' }, 'wrong_type', 'amount', 'amount is the text "12.5"; expected a number.'],
    [{ amount: true }, 'wrong_type', 'amount', 'amount is true; expected a number.'],
    [{ amount: null }, 'missing_field', 'amount', 'amount is absent or null, and the feature is not nullable.'],
    [{ amount: NaN }, 'not_finite', 'amount', 'amount is NaN; expected a finite number.'],
    [
      { amount: JSON.parse('1e999') as number },
      'not_finite',
      'amount',
      'amount is Infinity; expected a finite number.',
    ],
    [{ amount: 10n ** 400n }, 'not_finite', 'amount', 'amount is Infinity; expected a finite number.'],
    [{ amount: 1e300 }, 'out_of_range', 'amount', 'amount is the number 1e+300, beyond ±3.40e+38.'],
    [{ cart: { items: -1e39 } }, 'out_of_range', 'cart.items', 'cart.items is the number -1e+39, beyond ±3.40e+38.'],
    [{ cart: 3 }, 'wrong_type', 'cart', 'cart is the number 3; expected an object.'],
    [{ paid: 'true' }, 'wrong_type', 'paid', 'paid is the text "true"; expected true or false.'],
    [{ paid: 1 }, 'wrong_type', 'paid', 'paid is the number 1; expected true or false.'],
    [{ method: undefined }, 'missing_field', 'method', 'method is absent or null, and the feature is not nullable.'],
    [{ method: new Date(0) }, 'wrong_type', 'method', 'method is a time; expected text, a number, true or false.'],
    [{ note: 'a\0b' }, 'wrong_type', 'note', 'note is text with a NUL character, which cannot be stored.'],
    [{ ts: 'noon' }, 'bad_time', 'ts', 'ts is the text "noon"; expected ISO 8601 or milliseconds since the epoch.'],
    [{ ts: true }, 'wrong_type', 'ts', 'ts is true; expected a time.'],
  ])('refuses %p', (change, reason, field, message) => {
    expect(fault(change)).toEqual({ index: 0, reason, field, message });
  });

  it.each([[null], ['text'], [[good]], [5], [undefined], [new Date()]])('refuses the record %p', (record) => {
    expect(reader.read([record]).faults[0]).toMatchObject({ reason: 'not_an_object', field: null });
  });

  it('shortens what it quotes', () => {
    expect(fault({ amount: 'x'.repeat(10_000) })?.message.length).toBeLessThan(120);
  });

  it('stores what is inside an outermost log or asinh, however large', () => {
    const scaled = createRecordReader(
      [feature('a', 'real', { from: { log: 'x' } }), feature('b', 'real', { from: { asinh: { ratio: ['x', 'y'] } } })],
      {},
    );
    expect([
      ...scaled.read([
        { x: 1e300, y: 1e-5 },
        { x: -3, y: 2 },
      ]).table.numeric,
    ]).toEqual([1e300, 1e305, -3, -1.5]);
  });

  it('names the feature where a derived value is at fault', () => {
    const ratio = createRecordReader([feature('speed', 'real', { from: { ratio: ['km', 'h'] } })], {});
    expect(ratio.read([{ km: 5, h: 0 }, { km: 0, h: 0 }, { km: 1 }, { km: 1e300, h: 1e-5 }]).faults).toMatchObject([
      { reason: 'not_finite', field: 'speed' },
      { reason: 'not_finite', field: 'speed' },
      { reason: 'missing_field', field: 'speed' },
      { reason: 'out_of_range', field: 'speed' },
    ]);
  });

  it('takes an unknown key for a missing value only where the feature is nullable', () => {
    const lookups = { t: { key: 'k', rows: { a: { v: 1 } } } };
    const from = { lookup: { table: 't', key: 'k', value: 'v' } };
    const strict = createRecordReader([feature('v', 'real', { from })], lookups);
    const lenient = createRecordReader([feature('v', 'real', { from, nullable: true })], lookups);
    expect(strict.read([{ k: 'b' }]).faults).toMatchObject([{ reason: 'unknown_key', field: 'k' }]);
    expect([...lenient.read([{ k: 'b' }, { k: 'a' }]).table.numeric]).toEqual([NaN, 1]);
  });

  it('refuses a schema that cannot work', () => {
    expect(() => createRecordReader([feature('m', 'categorical')], {})).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID' }),
    );
  });

  it('never throws: every record is one row or one fault, and rows are finite or missing', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withTypedArray: true });
    const nearly = fc.record(
      {
        amount: fc.oneof(fc.double(), anything),
        method: fc.oneof(fc.string(), anything),
        cart: fc.oneof(fc.record({ items: fc.oneof(fc.integer(), anything) }), anything),
        paid: fc.oneof(fc.boolean(), anything),
        ts: fc.oneof(fc.integer(), anything),
        note: anything,
      },
      { requiredKeys: ['amount'] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(nearly, fc.jsonValue(), anything), { maxLength: 20 }), (records) => {
        const { table, accepted, faults } = reader.read(records);
        const indices = [...accepted, ...faults.map(({ index }) => index)].sort((a, b) => a - b);
        expect(indices).toEqual(records.map((_, index) => index));
        expect(table.size).toBe(accepted.length);
        expect(table.numeric.length).toBe(table.size * 3);
        expect(table.levels.length).toBe(table.size * 3);
        table.numeric.forEach((value, i) => {
          expect(Number.isFinite(value) || (i % 3 === 1 && Number.isNaN(value))).toBe(true);
        });
        table.levels.forEach((level, i) => {
          expect(typeof level === 'string' || i % 3 === 2).toBe(true);
        });
      }),
    );
  });
});
