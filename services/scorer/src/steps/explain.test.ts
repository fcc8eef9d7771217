import { createMemorySource, jsonRecord, type SourceBatch } from '@flowline/stream';
import { describe, expect, it, jest } from '@jest/globals';
import { firstValueFrom } from 'rxjs';

import { decide } from './decide.ts';
import { explain } from './explain.ts';
import { score } from './score.ts';
import { FakeLoader } from '../testing/fake-model.ts';

/**
 * Explains a batch of anomalies, least probable last, with a model that takes `msPerRow` to explain
 * a row.
 */
async function explained(anomalies: number, msPerRow: number) {
  const loaded = await new FakeLoader(1).loadChampion();
  let nowMs = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const asked: number[] = [];
  const detector: typeof loaded.detector = {
    ...loaded.detector,
    alpha: 1,
    explain: (table, rows, scores) => {
      asked.push(...rows);
      nowMs += msPerRow * rows.length;
      return loaded.detector.explain(table, rows, scores);
    },
  };
  const model = { ...loaded, detector };
  const records = Array.from({ length: anomalies }, (_, i) => jsonRecord(i, { ts: i, p: 1 / (2 + i) }));
  const source = createMemorySource({ topic: 't', partitions: [records], maxRows: anomalies });
  const batch: SourceBatch = await firstValueFrom(source.batches$);
  const events = model.decode(batch, null);
  const lease = { model, release: () => undefined };
  const { scored } = await explain(
    decide(await score({ source: batch, reader: model, lease, events, entities: null, inForce: null })),
  );
  clock.mockRestore();
  return { anomalies: scored.anomalies, asked };
}

describe('explaining a batch', () => {
  it('explains every anomaly, in the order of the events, while there are few', async () => {
    const { anomalies, asked } = await explained(10, 50);
    expect(anomalies.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(anomalies.map(({ alert }) => alert.summary)).toEqual(Array(10).fill('p is low'));
    expect(asked.toSorted((a, b) => a - b)).toEqual(anomalies.map(({ row }) => row));
  });

  it('explains the most surprising ones within its time where many come at once, and stores the others', async () => {
    const { anomalies, asked } = await explained(200, 2);
    expect(anomalies.map(({ row }) => row)).toEqual(Array.from({ length: 200 }, (_, row) => row));
    // 32 ms per 16 rows, within 100 ms; the last rows are the least probable.
    expect(asked).toHaveLength(64);
    const whole = anomalies.filter(({ alert }) => alert.summary === 'p is low').map(({ row }) => row);
    expect(whole).toEqual(Array.from({ length: 64 }, (_, i) => 136 + i));
    expect(anomalies[0]?.alert).toMatchObject({
      ...{ contributions: [], score: { pValue: 0.5 }, summary: expect.stringMatching(/not explained: 200 anomalies/) },
    });
  });
});
