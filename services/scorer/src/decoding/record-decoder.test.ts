import type { DetectorDefinition } from '@flowline/config';
import type { FeatureSpec } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import type { RecordDecoder, SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createDecoder, prepareBatch } from './record-decoder.ts';
import { recordFormats } from './formats.ts';

const feature = (name: string, type: FeatureSpec['type'], nullable = false): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable,
  maxLevels: 64,
  period: null,
});
const schema = [feature('x', 'real'), feature('y', 'real', true), feature('kind', 'categorical')];
const reader = createRecordReader(schema, {});
const json = recordFormats.json();
const MAX_BYTES = 300;

type Source = Omit<DetectorDefinition['source'], 'deduplicate'>;
const inMilliseconds: Source = { kafka: null, time: { field: 'ts', unit: 'ms' }, key: null, eventId: null };
const withId: Source = { ...inMilliseconds, eventId: 'meta.id' };

function batchOf(values: readonly (string | Uint8Array | null)[], first = 10): SourceBatch {
  const records = values.map((value, i) => ({
    offset: first + i * 2,
    key: null,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers: { h: `${i}` },
    timestampMs: 5,
  }));
  return {
    topic: 't',
    topicId: null,
    partition: 3,
    fromOffset: first,
    records,
    nextOffset: first + values.length * 2,
    done: () => undefined,
  };
}

const event = (more: object = {}): string =>
  JSON.stringify({ x: 1, y: 2, kind: 'a', ts: 1_000, meta: { id: 'e1' }, ...more });

function decode(values: readonly (string | Uint8Array | null)[], source = inMilliseconds) {
  return createDecoder(source, json, reader, MAX_BYTES)(batchOf(values), null);
}

describe('createDecoder', () => {
  it('reads features, time, and the position as id', () => {
    const { table, offsets, eventIds, eventTimesMs, deadLetters } = decode([
      event(),
      event({ x: 3, y: null, ts: 2_000 }),
    ]);
    expect(table.size).toBe(2);
    expect([...table.numeric]).toEqual([1, 2, 3, NaN]);
    expect(table.levels).toEqual(['a', 'a']);
    expect([...offsets]).toEqual([10, 12]);
    expect(eventIds).toEqual(['t-3-10', 't-3-12']);
    expect([...eventTimesMs]).toEqual([1_000, 2_000]);
    expect(deadLetters).toEqual([]);
  });

  it('takes the id from its field', () => {
    expect(decode([event(), event({ meta: { id: 7 } })], withId).eventIds).toEqual(['e1', '7']);
  });

  it.each<[string, Source['time']['unit'], unknown, number]>([
    ['milliseconds', 'ms', 1_700_000_000_123, 1_700_000_000_123],
    ['seconds', 's', 1_700_000_000, 1_700_000_000_000],
    ['microseconds', 'us', 1_700_000_000_123_456, 1_700_000_000_123.456],
    ['ISO 8601', 'iso', '2001-02-03T04:05:06Z', Date.UTC(2001, 1, 3, 4, 5, 6)],
  ])('reads times in %s', (_name, unit, ts, expected) => {
    const { eventTimesMs } = decode([event({ ts })], { ...inMilliseconds, time: { field: 'ts', unit } });
    expect(eventTimesMs[0]).toBeCloseTo(expected, 3);
  });

  it.each<[string, string | Uint8Array | null, string, string | null]>([
    ['a tombstone', null, 'tombstone', null],
    ['no JSON', '{"x":', 'not_json', null],
    ['no text', Uint8Array.of(0xc3, 0x28), 'not_json', null],
    ['nothing', '', 'not_json', null],
    ['a list', '[1]', 'not_an_object', null],
    ['null', 'null', 'not_an_object', null],
    ['a long value', event({ filler: 'x'.repeat(MAX_BYTES) }), 'too_large', null],
    ['no time', event({ ts: null }), 'missing_field', 'ts'],
    ['no day', event({ ts: '2014-02-30' }), 'bad_time', 'ts'],
    ['a time of another unit', event({ ts: '2001-02-03' }), 'bad_time', 'ts'],
    ['a time before any calendar', event({ ts: -1e15 }), 'bad_time', 'ts'],
    ['a time beyond any calendar', event({ ts: 1e18 }), 'bad_time', 'ts'],
    ['an infinite time', event({ ts: 0 }).replace('"ts":0', '"ts":1e999'), 'bad_time', 'ts'],
    ['no id', event({ meta: {} }), 'missing_field', 'meta.id'],
    ['an id that is a list', event({ meta: { id: [] } }), 'wrong_type', 'meta.id'],
    ['an id that cannot be stored', event({ meta: { id: 'a\0' } }), 'wrong_type', 'meta.id'],
    ['a missing feature', event({ x: undefined }), 'missing_field', 'x'],
    ['text for a number', event({ x: '1' }), 'wrong_type', 'x'],
    ['a number beyond float64', event({ x: 0 }).replace('"x":0', '"x":1e999'), 'not_finite', 'x'],
    ['a number beyond float32', event({ x: 1e39 }), 'out_of_range', 'x'],
  ])('makes %s a dead letter, kept as it came, and goes on', (_name, value, reason, field) => {
    const { table, offsets, deadLetters } = decode([event(), value, event()], withId);
    expect(table.size).toBe(2);
    expect([...offsets]).toEqual([10, 14]);
    expect(deadLetters).toEqual([
      {
        offset: 12,
        reason,
        field,
        message: expect.any(String),
        key: null,
        value: value === null ? null : Buffer.from(value),
        headers: { h: '1' },
        timestampMs: 5,
      },
    ]);
  });

  it('keeps the first bytes of a huge value, and quotes little of it', () => {
    const { deadLetters } = createDecoder(
      inMilliseconds,
      json,
      reader,
      1_000_000,
    )(batchOf(['x'.repeat(1_000_001), 'y'.repeat(999_999)]), null);
    expect(deadLetters.map(({ reason, value }) => [reason, value?.length])).toEqual([
      ['too_large', 65_536],
      ['not_json', 999_999],
    ]);
    for (const { message } of deadLetters) expect(message.length).toBeLessThan(200);
  });

  it('takes a format that fetches schemas first, and keeps what it cannot decode', async () => {
    const schemas = new Map<number, string>();
    const registry: RecordDecoder = {
      prepare: (values) => {
        for (const [id = 0] of values) schemas.set(id, `schema ${id}`);
        return Promise.resolve();
      },
      decode: ([id = 0, x = 0]) =>
        id === 9
          ? { reason: 'not_json', message: 'schema 9 is gone' }
          : { value: { x, y: null, kind: schemas.get(id), ts: 1 } },
    };
    const batch = batchOf([Buffer.from([7, 40]), null, Buffer.from([9, 0]), Buffer.from([8, 41])]);
    await prepareBatch(registry, batch);
    const { table, deadLetters } = createDecoder(inMilliseconds, registry, reader, MAX_BYTES)(batch, null);
    expect([...table.numeric]).toEqual([40, NaN, 41, NaN]);
    expect(table.levels).toEqual(['schema 7', 'schema 8']);
    expect(deadLetters.map(({ offset, message }) => [offset, message])).toEqual([
      [12, 'The record has no value.'],
      [14, 'schema 9 is gone'],
    ]);
  });

  it('makes every record an event or a dead letter, in order, whatever it holds', () => {
    const anyValue = fc.oneof(
      fc.constant(null),
      fc.uint8Array({ maxLength: 40 }),
      fc.json({ maxDepth: 3 }),
      fc
        .record({
          x: fc.jsonValue(),
          y: fc.jsonValue(),
          kind: fc.jsonValue(),
          ts: fc.jsonValue(),
          meta: fc.jsonValue(),
        })
        .map((v) => JSON.stringify(v)),
      fc.constant(event()),
    );
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 12 }), fc.constantFrom(inMilliseconds, withId), (values, source) => {
        const { table, offsets, eventIds, eventTimesMs, deadLetters } = decode(values, source);
        const positions = [...offsets, ...deadLetters.map(({ offset }) => offset)];
        expect([...positions].sort((a, b) => a - b)).toEqual(values.map((_, i) => 10 + i * 2));
        for (const run of [[...offsets], deadLetters.map(({ offset }) => offset)]) {
          expect(run).toEqual([...run].sort((a, b) => a - b));
        }
        expect([table.size, eventIds.length, eventTimesMs.length]).toEqual(Array(3).fill(offsets.length));
        expect([...eventTimesMs].every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
