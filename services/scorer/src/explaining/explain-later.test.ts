import type { DeferredAnomaly } from '@flowline/db';
import type { Explanation } from '@flowline/events';
import { createLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { type DeferredExplanations, explainLater } from './explain-later.ts';
import { FakeLoader } from '../testing/fake-model.ts';

/** Value that no model here can explain. */
const POISON = 13;

const anomaly = (anomalyId: number, modelVersion: number): DeferredAnomaly => ({
  ...{ topic: 't', anomalyId, modelVersion, pValue: 2 ** -anomalyId, pMethod: 'empirical', observed: { p: anomalyId } },
});

/** Explains until the signal, with models 1 and 2, and records what was asked and stored. */
async function explainedLater(pages: (readonly DeferredAnomaly[] | Error)[]) {
  const stop = new AbortController();
  const stored: Explanation[] = [];
  const asked: unknown[] = [];
  let closed = 0;
  const { detector } = await new FakeLoader(1).loadChampion();
  const deferred: DeferredExplanations = {
    explainNext: async (_limit, explain) => {
      const page = pages.shift();
      if (pages.length === 0) stop.abort();
      if (page instanceof Error) throw page;
      stored.push(...(await explain(page ?? [])));
      return page?.length ?? 0;
    },
    detector: (version) =>
      Promise.resolve(
        version > 2
          ? null
          : {
              bundle: detector.bundle,
              explain: (table, rows, scores) => {
                if (table.numeric[0] === POISON) return Promise.reject(new Error('the value is absurd'));
                asked.push([version, [...table.numeric], rows, [...scores.pValues], scores.pMethods]);
                return Promise.resolve(rows.map(() => ({ ...empty, summary: `by model ${version}` })));
              },
            },
      ),
    close: () => closed++,
  };
  await explainLater(deferred, { isFull: true }, createLogger({ name: 'test', level: 'silent' }), stop.signal);
  return { stored, asked, closed };
}

const empty = { contributions: [], expected: {}, nearestNormal: null };

describe('explaining later', () => {
  it('explains anomalies by the model that scored them, together, and says where that is gone', async () => {
    const { stored, asked, closed } = await explainedLater([
      [anomaly(1, 1), anomaly(4, 1), anomaly(2, 2)],
      [anomaly(3, 9)],
    ]);
    expect(stored.map(({ summary }) => summary)).toEqual([
      'by model 1',
      'by model 1',
      'by model 2',
      'not explained: model version 9, which scored it, cannot be loaded',
    ]);
    expect(asked).toEqual([
      [1, [1, 4], [0, 1], [0.5, 0.0625], ['empirical', 'empirical']],
      [2, [2], [0], [0.25], ['empirical']],
    ]);
    expect(closed).toBe(1);
  });

  it('explains those after an anomaly that cannot be explained, which says why', async () => {
    const { stored } = await explainedLater([[anomaly(POISON, 1), anomaly(2, 1)], []]);
    expect(stored.map(({ summary }) => summary)).toEqual(['not explained: the value is absurd', 'by model 1']);
  });

  it('ends with the signal after a failure, and releases what it holds', async () => {
    const { stored, closed } = await explainedLater([new Error('the database is away')]);
    expect([stored, closed]).toEqual([[], 1]);
  });
});
