import type { DetectorDefinition } from '@flowline/config';
import type { FeatureSpec } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compileFieldRows } from './field-rows.ts';
import { createDecoder } from './record-decoder.ts';
import { decodeJson } from '@flowline/stream';
import { recordFormats } from './formats.ts';

const feature = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type, from: name, role: 'score', nullable: false, maxLevels: 64, period: null },
  ...more,
});
const schema = [
  feature('x', 'real'),
  feature('y', 'positive', { nullable: true }),
  feature('hour', 'cyclic', { period: 24 }),
  feature('kind', 'categorical'),
  feature('on', 'boolean', { nullable: true }),
];
const reader = createRecordReader(schema, {});
type Source = Omit<DetectorDefinition['source'], 'deduplicate'>;
const source = (unit: Source['time']['unit'], eventId: string | null): Source => ({
  ...{ kafka: null, time: { field: 'ts', unit }, key: null, eventId },
});

function batchOf(values: readonly (Uint8Array | null)[]): SourceBatch {
  const more = { key: null, headers: {}, timestampMs: 5 };
  const records = values.map((value, i) => ({ ...more, offset: 10 + 2 * i, value }));
  const source = { topic: 't', topicId: null, partition: 3 };
  return { ...source, fromOffset: 10, records, nextOffset: 1_000, done: () => undefined };
}

describe('compileFieldRows', () => {
  it('takes the records of a source of top-level fields', () => {
    const begin = compileFieldRows(source('iso', 'id'), recordFormats.json(), reader.columns);
    const rows = begin?.(2, () => 'unused', null);
    const event = { ts: '2001-02-03T04:05:06Z', id: 7, x: 1.5, y: null, hour: 3, kind: 'a', on: false };
    const [record] = batchOf([Buffer.from(JSON.stringify(event))]).records;
    expect(record?.value && rows?.read(record, record.value) && rows.add()).toBe(true);
    expect(rows?.rows()).toEqual({
      table: {
        size: 1,
        numeric: Float64Array.of(1.5, NaN, 3),
        numericWidth: 3,
        levels: ['a', 'false'],
        levelWidth: 2,
      },
      offsets: Float64Array.of(10),
      eventIds: ['7'],
      eventTimesMs: Float64Array.of(Date.UTC(2001, 1, 3, 4, 5, 6)),
      entities: null,
    });
  });

  it('keeps a number as it was written where it is a name, and reads what stands for a char(n)', () => {
    const decode = createDecoder(source('ms', 'id'), recordFormats.json(), reader, 400);
    const levels = ['9007199254740993', '1.0', '-0', '1e3', '"1.0"', '"ab  "', '" "'];
    const values = levels.map((kind) =>
      Buffer.from(`{"ts":1.0,"id":1234567890123456789,"x":1,"hour":3,"kind":${kind}}`),
    );
    const { table, eventIds } = decode(batchOf(values), null);
    expect(table.levels.filter((_, i) => i % 2 === 0)).toEqual([
      '9007199254740993',
      '1.0',
      '-0',
      '1e3',
      '1.0',
      'ab',
      '',
    ]);
    expect(new Set(eventIds)).toEqual(new Set(['1234567890123456789']));
  });

  it('is not for features that look something up, dotted fields or formats without fields', () => {
    const json = recordFormats.json();
    const lookup = { table: 't', key: 'x', value: 'v' };
    const lookups = { t: { key: 'k', rows: { a: { v: 1 } } } };
    const looked = createRecordReader([feature('r', 'real', { from: { ratio: ['x', { lookup }] } })], lookups);
    const dotted = createRecordReader([feature('lat', 'real', { from: 'geo.lat' })], {});
    expect(compileFieldRows(source('ms', null), json, looked.columns)).toBeNull();
    expect(compileFieldRows(source('ms', null), json, dotted.columns)).toBeNull();
    expect(compileFieldRows(source('ms', 'meta.id'), json, reader.columns)).toBeNull();
    expect(compileFieldRows(source('ms', null), { decode: decodeJson }, reader.columns)).toBeNull();
  });

  it('decodes any batch as the slow way does, events and dead letters alike', () => {
    const strange = fc.oneof(
      ...[fc.constant(null), fc.string(), fc.boolean(), fc.constantFrom(-1e39, 1e39, 'é', 'a\\b', 'a\u0000b', '')],
      ...[fc.double(), fc.constant([1]), fc.constant({})],
    );
    const or = (usual: fc.Arbitrary<unknown>) =>
      fc.oneof({ weight: 24, arbitrary: usual }, { weight: 1, arbitrary: strange });
    const event = fc.record(
      {
        ts: or(fc.integer({ min: 0, max: 2e12 })),
        id: or(fc.oneof(fc.string(), fc.integer())),
        x: or(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 })),
        y: or(fc.double({ noNaN: true, min: 0, max: 1e9 })),
        hour: or(fc.integer({ min: 0, max: 23 })),
        kind: or(fc.constantFrom('a', 'b  ', 7, true, 1.5e-9)),
        on: or(fc.boolean()),
        more: strange,
      },
      { requiredKeys: ['ts', 'x', 'hour'] },
    );
    const numeral = fc
      .tuple(
        fc.bigInt({ min: -(10n ** 19n) + 1n, max: 10n ** 19n - 1n }),
        fc.constantFrom('', '', '.0', '.5', '.0250'),
        fc.constantFrom('', '', 'e3', 'E-7', 'e+12', 'e308'),
      )
      .map((parts) => parts.join(''));
    /** Writes some of the numbers differently from JSON.stringify. */
    const withNumerals = (value: object, text: string): Buffer =>
      Buffer.from(
        JSON.stringify(value).replace(/(?<="(id|kind|x)":)-?\d[^,}]*/g, (own) => (text.length % 2 ? text : own)),
      );
    const text = fc.oneof(
      { weight: 20, arbitrary: fc.tuple(event, numeral).map(([value, text]) => withNumerals(value, text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, Buffer.alloc(500, 0x20)) },
    );
    const sources = fc.constantFrom(source('ms', null), source('ms', 'id'), source('us', 'id'));
    fc.assert(
      fc.property(sources, fc.array(text, { maxLength: 12 }), (from, values) => {
        const batch = batchOf(values);
        const quick = createDecoder(from, recordFormats.json(), reader, 400)(batch, null);
        const slow = createDecoder(from, { decode: decodeJson }, reader, 400)(batch, null);
        expect(quick).toEqual(slow);
      }),
      { numRuns: 300 },
    );
  });
});
