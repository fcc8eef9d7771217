import { at, type FeatureSpec } from '@flowline/events';
import type { FeatureTable } from '@flowline/features';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { anomalyReason, buildAlert } from './alert.ts';
import type { ModelBundle } from './bundle/bundle.ts';
import { packAnomalies, type PackedParts, unpackAnomalies } from './packed-anomalies.ts';

const plain = { role: 'score', nullable: true, maxLevels: 64, period: null } as const;
const schema: readonly FeatureSpec[] = [
  { ...plain, name: 'amount', type: 'real', from: 'amount' },
  { ...plain, name: 'method', type: 'categorical', from: 'method' },
  { ...plain, name: '7', type: 'integer', from: '7' },
  { ...plain, name: '__proto__', type: 'boolean', from: '__proto__' },
];
const metadata = { family: 'realNVP', history: { train: { rows: 1_000 } } };
const bundle = { schema, metadata } as unknown as ModelBundle;

const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(NaN));
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\0'), fc.constant('é "quoted"'));
const row = fc.record({
  numeric: fc.tuple(number, number),
  levels: fc.tuple(fc.option(text), fc.option(text)),
  logDensityNats: fc.oneof(fc.double({ noNaN: true, max: 50 }), fc.constant(-Infinity)),
  pValue: fc.double({ min: 0, max: 1, noNaN: true }),
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  id: text,
  entity: text,
  timeMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
});
type Row = typeof row extends fc.Arbitrary<infer R> ? R : never;

function partsOf(rows: readonly Row[], hasKey: boolean): PackedParts {
  const size = rows.length;
  const table: FeatureTable = {
    ...{ size, numericWidth: 2, levelWidth: 2 },
    numeric: Float64Array.from(rows.flatMap(({ numeric }) => numeric)),
    levels: rows.flatMap(({ levels }) => levels),
  };
  return {
    ...{ detector: 'd', detectorVersion: 3, modelVersion: 5, topic: 't', topicId: 'id', partition: 2, alpha: 1e-3 },
    ...{ bundle, table },
    scores: {
      size,
      logDensityNats: Float64Array.from(rows, ({ logDensityNats }) => logDensityNats),
      pValues: Float64Array.from(rows, ({ pValue }) => pValue),
      pMethods: rows.map(() => 'empirical'),
      outOfDomain: Uint8Array.from(rows, ({ logDensityNats }) => Number(logDensityNats === -Infinity)),
      pooled: new Uint8Array(size),
    },
    offsets: Float64Array.from(rows, ({ offset }) => offset),
    eventIds: rows.map(({ id }) => id),
    eventTimesMs: Float64Array.from(rows, ({ timeMs }) => timeMs),
    entities: hasKey ? rows.map(({ entity }) => entity) : null,
  };
}

describe('packed anomalies', () => {
  it('are unpacked to the alerts and columns that they would have had at once', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.boolean(), fc.boolean(), (rows, hasKey, moves) => {
        const thresholds = Float64Array.from(rows, (_, i) => 1e-3 / (i + 1));
        const parts = { ...partsOf(rows, hasKey), ...(moves ? { alpha: thresholds } : {}) };
        const { scores, offsets, eventIds, eventTimesMs, entities } = parts;
        const odd = rows.flatMap((_, i) => (i % 3 === 2 ? [] : [i]));
        const batch = unpackAnomalies(packAnomalies(parts, odd));
        const expected = odd.map((i) => ({
          reason: anomalyReason(scores, i),
          alert: buildAlert({
            ...parts,
            ...{ row: i, explanation: null, alpha: moves ? at(thresholds, i) : 1e-3 },
            event: {
              ...{ topic: 't', topicId: 'id', partition: 2, offset: at(offsets, i), id: at(eventIds, i) },
              ...{ timeMs: at(eventTimesMs, i), entity: entities && at(entities, i) },
            },
          }),
        }));
        expect(batch.anomalies).toEqual(expected.map((anomaly, i) => ({ row: i, ...anomaly })));
        expect(batch).toMatchObject({ detector: 'd', detectorVersion: 3, modelVersion: 5, topic: 't', partition: 2 });
        expect(batch.size).toBe(odd.length);
        for (const name of ['logDensityNats', 'pValues'] as const) {
          expect([...batch[name]]).toEqual(odd.map((i) => scores[name][i]));
        }
        expect([...batch.offsets]).toEqual(odd.map((i) => offsets[i]));
        expect([...batch.eventTimesMs]).toEqual(odd.map((i) => eventTimesMs[i]));
        expect(batch.eventIds).toEqual(odd.map((i) => eventIds[i]));
      }),
    );
  });
});
