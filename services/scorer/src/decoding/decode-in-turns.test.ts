import type { EntitySpec, FeatureSpec } from '@flowline/events';
import { createRecordReader, EntityWindows } from '@flowline/features';
import type { SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';

import { recordFormats } from './formats.ts';
import { decodeInTurns } from './decode-in-turns.ts';
import type { DecodedEvents } from './event-rows.ts';
import { createDecoder, type DecodeEvents } from './record-decoder.ts';

const feature = (name: string, type: FeatureSpec['type'], from: FeatureSpec['from']): FeatureSpec => ({
  ...{ name, type, from, role: 'score', nullable: true, maxLevels: 64, period: null },
});
const plain = [feature('x', 'real', 'x'), feature('kind', 'categorical', 'kind')];
const schema = [...plain, feature('before', 'real', { lag: { of: 'x', events: 1 } })];
const entity: EntitySpec = { key: ['id'], time: { field: 'ts', unit: 'ms' } };
const source = { kafka: null, time: { field: 'ts', unit: 'ms' }, key: null, eventId: null } as const;
const decoderOf = (features: readonly FeatureSpec[]): DecodeEvents =>
  createDecoder(source, recordFormats.json(), createRecordReader(features, {}), 1_000);

/** Records of three entities; each seventh is not an event. */
function batchOf(size: number): SourceBatch {
  const valueOf = (i: number): string =>
    i % 7 === 3 ? '{' : JSON.stringify({ id: `e${i % 3}`, ts: i, x: Math.sin(i), kind: i % 2 === 0 ? 'a' : 'b' });
  const records = Array.from({ length: size }, (_, i) => ({
    ...{ offset: 5 + i, key: null, value: Buffer.from(valueOf(i)), headers: {}, timestampMs: 5 },
  }));
  const done = (): void => undefined;
  return { topic: 't', topicId: null, partition: 3, fromOffset: 5, records, nextOffset: 5 + size, done };
}

/** Decodes in turns, on a clock of `msPerRecord`; returns the sizes of the parts, too. */
async function inTurns(decode: DecodeEvents, size: number, windows: EntityWindows | null, msPerRecord: number) {
  const sizes: number[] = [];
  let nowMs = 0;
  const timed: DecodeEvents = (batch, past) => {
    sizes.push(batch.records.length);
    nowMs += batch.records.length * msPerRecord;
    return decode(batch, past);
  };
  const events: DecodedEvents = await decodeInTurns(timed, batchOf(size), windows, () => nowMs);
  return { events, sizes };
}

describe('decoding in turns', () => {
  it.each([0, 1, 256, 257, 3_000])('gives the events and dead letters of %d records decoded at once', async (size) => {
    const decode = decoderOf(plain);
    expect((await inTurns(decode, size, null, 0.1)).events).toEqual(decode(batchOf(size), null));
  });

  it('gives the same windows to each event, and their entities', async () => {
    const open = (): EntityWindows => new EntityWindows({ schema, lookups: {}, entity });
    const decode = decoderOf(schema);
    const { events } = await inTurns(decode, 3_000, open(), 0.1);
    expect(events).toEqual(decode(batchOf(3_000), open()));
    expect(events.entities).toHaveLength(events.table.size);
  });

  it('decodes parts of about two milliseconds, whatever a record takes', async () => {
    const slow = await inTurns(decoderOf(plain), 1_000, null, 0.1);
    expect(slow.sizes).toEqual([256, ...new Array<number>(37).fill(20), 4]);
    const fast = await inTurns(decoderOf(plain), 10_000, null, 1 / 512);
    expect(fast.sizes).toEqual([256, 512, ...new Array<number>(9).fill(1_024), 16]);
  });
});
