import type { Expression, FeatureSpec, StoredWindows } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import { decodeJson, type SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { recordFormats } from './formats.ts';
import type { DecodedSource } from './candidate.ts';
import { createDecoder, type DecodeEvents } from './record-decoder.ts';

const feature = (name: string, from: Expression, more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, type: 'real', from, role: 'score', nullable: true, maxLevels: 64, period: null },
  ...more,
});
const before = { lag: { of: 'x' } } as const;
const schema = [
  feature('x', 'x', { nullable: false }),
  feature('y', 'y'),
  feature('kind', 'kind', { type: 'categorical' }),
  feature('before', before),
  feature('two before', { lag: { of: { ratio: ['x', 'y'] }, events: 2 } }),
  feature('change', { difference: ['x', before] }),
  feature('growth', { ratio: [{ difference: ['x', before] }, { asinh: { log: 'y' } }] }),
  feature('mean', { asinh: { rolling: { of: 'x', statistic: 'mean', over: 3 } } }),
  feature('least', { rolling: { of: { log: 'y' }, statistic: 'min', over: '20ms' } }),
  feature('most', { rolling: { of: 'y', statistic: 'max', over: '50ms' } }),
  feature('count', { rolling: { statistic: 'count', over: '30ms' } }, { nullable: false }),
  feature('hour', { timePart: { of: 'at', part: 'hourOfDay' } }, { type: 'cyclic', period: 24 }),
  feature('away', { haversine: ['x', 'y', before, 'y'] }),
];
/** A lag that every event must have: the first of an entity is a dead letter. */
const demanding = [...schema, feature('required', before, { nullable: false })];

interface Case {
  readonly schema: readonly FeatureSpec[];
  readonly key: readonly string[];
  /** Events with ids of their own. */
  readonly hasId: boolean;
}

/** A decoder and its windows, which are restored from their own state as after a kill. */
class Reading {
  readonly #decode: DecodeEvents;
  readonly #options: ConstructorParameters<typeof EntityWindows>[0];
  #windows: EntityWindows;

  constructor({ schema, key, hasId }: Case, isFast: boolean) {
    const time = { field: 't', unit: 'ms' } as const;
    const source: DecodedSource = { time, key, eventId: hasId ? 'id' : null };
    const format = isFast ? recordFormats.json() : { decode: decodeJson };
    this.#decode = createDecoder(source, format, createRecordReader(schema, {}), 400);
    this.#options = { schema, lookups: {}, entity: { key, time }, maxEntities: 3, maxEvents: 60, seenFromMs: null };
    this.#windows = new EntityWindows(this.#options);
  }

  read(batch: SourceBatch): object {
    const events = this.#decode(batch, this.#windows);
    return { ...events, isNew: this.#windows.takeNewEntities(), state: this.#windows.snapshot() };
  }

  kill(stored: StoredWindows): void {
    this.#windows = new EntityWindows(this.#options);
    this.#windows.restore(stored);
  }

  get stored(): StoredWindows {
    return this.#windows.snapshot();
  }
}

function batchOf(values: readonly (Uint8Array | null)[], first: number): SourceBatch {
  const more = { key: null, headers: {}, timestampMs: 5 };
  const records = values.map((value, i) => ({ ...more, offset: first + 2 * i, value }));
  const source = { topic: 't', topicId: null, partition: 3 };
  return { ...source, fromOffset: first, records, nextOffset: first + 2 * values.length, done: () => undefined };
}

const strange = fc.oneof(
  ...[fc.constant(null), fc.constant(undefined), fc.string(), fc.boolean(), fc.double(), fc.constant([1])],
  fc.constantFrom(-1e39, 1e308, 0, 'é', 'a\\b', 'a\u0000b', '', '2001-02-03T04:05:06Z', '2001-02-30', {}),
);
const or = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: strange });
const event$ = fc.record({
  t: or(fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 3_600_000, max: 3_600_060 }))),
  id: or(fc.oneof(fc.string(), fc.integer())),
  who: or(fc.constantFrom('a', 'b  ', 'ünï', '🛫', '', 7, 1.5, true)),
  where: or(fc.constantFrom('p', 'q')),
  x: or(fc.integer({ min: -9, max: 9 })),
  y: or(fc.constantFrom(null, 0, 1.5, 2e300, -0.25)),
  kind: or(fc.constantFrom('k', null, 3)),
  at: or(fc.constantFrom('2001-02-03T04:05:06Z', 7_200_000, null)),
});
const record$ = fc.oneof(
  { weight: 16, arbitrary: event$.map((event) => Buffer.from(JSON.stringify(event))) },
  // Numbers as JSON.stringify does not write them.
  {
    weight: 2,
    arbitrary: event$.map((event) =>
      Buffer.from(JSON.stringify({ ...event, who: 1 }).replace(/"who":1/, '"who":1.0e1,"z":1E999')),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, Buffer.alloc(500, 0x20)) },
);
const case$ = fc.record({
  schema: fc.constantFrom(schema, demanding),
  key: fc.constantFrom(['who'], ['who', 'where']),
  hasId: fc.boolean(),
});

describe('windows over fields', () => {
  it('read and remember what the reader does, after kills and repeats too', () => {
    const batch$ = fc.record({
      records: fc.array(record$, { maxLength: 12 }),
      then: fc.constantFrom('', 'kill', 'repeat'),
    });
    fc.assert(
      fc.property(case$, fc.array(batch$, { maxLength: 5 }), (of, batches) => {
        const fast = new Reading(of, true);
        const slow = new Reading(of, false);
        let first = 10;
        for (const { records, then } of batches) {
          const batch = batchOf(records, first);
          const before = slow.stored;
          expect(fast.read(batch)).toEqual(slow.read(batch));
          if (then === 'repeat') expect(fast.read(batch)).toEqual(slow.read(batch));
          if (then === 'kill') [fast, slow].forEach((reading) => reading.kill(before));
          else first = batch.nextOffset;
        }
      }),
      { numRuns: 400 },
    );
  });

  it('take most records from their fields, and the others in turn', () => {
    const lines = ['{"t":1,"who":"a","x":1}', '{"t":2,"who":"a","x":[]}', '{"t":3,"who":"a\\u0020","x":3}'];
    const values = [...lines, '{"t":4,"who":"a","x":4}'].map((line) => Buffer.from(line));
    let decoded = 0;
    const json = recordFormats.json();
    const format = { ...json, decode: (bytes: Uint8Array) => (decoded++, json.decode(bytes)) };
    const entity = { key: ['who'], time: { field: 't', unit: 'ms' } } as const;
    const plain = [feature('x', 'x'), feature('before', before)];
    const windows = new EntityWindows({ schema: plain, lookups: {}, entity });
    const source = { kafka: null, time: entity.time, key: ['who'], eventId: null };
    const decode = createDecoder(source, format, createRecordReader(plain, {}), 400);
    const { table, offsets, entities, deadLetters } = decode(batchOf(values, 10), windows);
    expect([...offsets]).toEqual([10, 14, 16]);
    expect([...table.numeric]).toEqual([1, NaN, 3, 1, 4, 3]);
    expect(entities).toEqual(['a', 'a', 'a']);
    expect(deadLetters.map(({ offset, field }) => [offset, field])).toEqual([[12, 'x']]);
    expect(decoded).toBe(2);
  });
});
