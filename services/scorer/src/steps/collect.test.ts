import type { EventBatch, FeatureSpec } from '@flowline/events';
import { createRecordReader } from '@flowline/features';
import { createMemorySource, jsonRecord } from '@flowline/stream';
import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';

import { collect } from './collect.ts';
import { createDecoder } from '../decoding/record-decoder.ts';
import { PartitionIds } from '../ids/partition-ids.ts';
import { FakeIdStore } from '../testing/fake-id-store.ts';
import { PartitionWindows } from '../windows/partition-windows.ts';
import { windowsMaker } from '../windows/windows-maker.ts';
import { recordFormats } from '../decoding/formats.ts';
import { FakeWindowStore } from '../testing/fake-window-store.ts';

const schema: readonly FeatureSpec[] = [
  {
    ...{ name: 'before', type: 'real', from: { lag: { of: 'x' } }, role: 'score' },
    ...{ nullable: true, maxLevels: 64, period: null },
  },
];
const source = { kafka: null, time: { field: 't', unit: 'ms' }, key: ['id'], eventId: null } as const;

describe('collecting events before the first model', () => {
  it('gives them the windows that a model will see, and stores the state of the windows with them', async () => {
    const format = recordFormats.json();
    const stored: EventBatch[] = [];
    const collector = {
      ...{ detector: 'd', detectorVersion: 1, format },
      inForce: null,
      windows: windowsMaker({ schema, lookups: {}, entity: { key: ['id'], time: source.time } }),
      decode: createDecoder(source, format, createRecordReader(schema, {}), 1000),
      commit: (batch: EventBatch) => {
        stored.push(batch);
        return Promise.resolve({ stored: batch.size, alreadyStored: 0, anomalies: 0, deadLetters: 0, refused: 0 });
      },
    };
    const records = ['a', 'b', 'a', 'b', 'a'].map((id, i) => jsonRecord(i, { id, t: i, x: i * 10 }));
    const store = new FakeWindowStore();
    const windows = new PartitionWindows(store, silentLogger);
    const ids = new PartitionIds(new FakeIdStore());
    const events = createMemorySource({ topic: 't', partitions: [records], maxRows: 2 });
    await lastValueFrom(collect(events, collector, { windows, ids }, () => undefined));
    expect(stored.flatMap(({ numeric }) => [...numeric])).toEqual([NaN, NaN, 0, 10, 20]);
    expect(stored.map(({ entities }) => entities?.names)).toEqual([['a', 'b'], ['a', 'b'], ['a']]);
    expect([...store.claims]).toEqual([
      ['a', 0],
      ['b', 0],
    ]);
    expect(stored[0]?.entities?.windows).toMatchObject({ id: collector.windows?.id, nextOffset: 2 });
  });
});
