import { unpackAnomalies } from '@flowline/detector';
import { createMemorySource, jsonRecord, type SourceBatch } from '@flowline/stream';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom } from 'rxjs';

import { decide } from './decide.ts';
import { type Backlog, explain } from './explain.ts';
import { PartitionDiscoveries } from '../discoveries/partition-discoveries.ts';
import { ExplainingBudget } from '../explaining/explaining-budget.ts';
import { score } from './score.ts';
import { FakeLoader } from '../testing/fake-model.ts';

/** The model decides by its alpha. */
const noDiscoveries = new PartitionDiscoveries({ read: () => Promise.reject(new Error('nothing is read')) });

/**
 * Explains a batch of anomalies, least probable last, with a model that takes `msPerRow` to explain
 * a row.
 */
async function explained(anomalies: number, msPerRow: number, backlog: Backlog | null = null) {
  const loaded = await new FakeLoader(1).loadChampion();
  let nowMs = 0;
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
    new ExplainingBudget(0.2, () => nowMs),
    backlog,
  )(
    await decide(noDiscoveries)(
      await score({ source: batch, reader: model, lease, events, entities: null, inForce: null }),
    ),
  );
  return { anomalies: scored.anomalies, asked, backlog: scored.backlog };
}

describe('explaining a batch', () => {
  it('explains every anomaly, in the order of the events, while there is time', async () => {
    const { anomalies, asked } = await explained(10, 5);
    expect(anomalies.map(({ row }) => row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(anomalies.map(({ alert }) => alert.summary)).toEqual(Array(10).fill('p is low'));
    expect(anomalies.map(({ alert }) => alert.explanation)).toEqual(Array(10).fill('complete'));
    expect(asked.toSorted((a, b) => a - b)).toEqual(anomalies.map(({ row }) => row));
  });

  it('explains the most surprising ones within its budget, and stores the others without delay', async () => {
    const { anomalies, asked } = await explained(400, 2);
    expect(anomalies.map(({ row }) => row)).toEqual(Array.from({ length: 400 }, (_, row) => row));
    // A quarter of a second, and a fifth of the time meanwhile; the last rows are least probable.
    expect(asked.length).toBeGreaterThan(120);
    expect(asked.length).toBeLessThan(180);
    const whole = anomalies.filter(({ alert }) => alert.explanation === 'complete').map(({ row }) => row);
    expect(whole).toEqual(Array.from({ length: asked.length }, (_, i) => 400 - asked.length + i));
    expect(anomalies[0]?.alert).toMatchObject({
      ...{ contributions: [], expected: {}, nearestNormal: null, explanation: 'deferred' },
      ...{ score: { pValue: 0.5 }, observed: { p: 0.5 }, summary: '1.0 bits; the explanation follows' },
    });
  });

  it('leaves anomalies beyond the first 32 to the backlog, and explains none that will wait there', async () => {
    const { anomalies, asked, backlog } = await explained(100, 1, { isWaiting: false });
    expect(anomalies.map(({ row }) => row)).toEqual(Array.from({ length: 32 }, (_, row) => row));
    expect(asked).toHaveLength(32);
    expect(backlog?.rows).toEqual(Array.from({ length: 68 }, (_, i) => 32 + i));
    const waiting = await explained(100, 1, { isWaiting: true });
    expect([waiting.anomalies, waiting.asked, waiting.backlog?.rows.length]).toEqual([[], [], 100]);
  });

  it('packs anomalies as they would have been stored without their explanation', async () => {
    const direct = await explained(3, 10_000);
    const { backlog } = await explained(3, 1, { isWaiting: false });
    const { anomalies } = unpackAnomalies(backlog?.pack([0, 1]) ?? new Uint8Array());
    expect(anomalies).toEqual(direct.anomalies.slice(0, 2));
  });
});
