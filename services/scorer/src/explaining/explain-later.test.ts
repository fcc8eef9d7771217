import { setTimeout as sleep } from 'node:timers/promises';

import type { DeferredAnomaly } from '@flowline/db';
import type { Explanation, Unexplained } from '@flowline/events';
import { createLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { type DeferredExplanations, explainLater } from './explain-later.ts';
import { WorkSignal } from './work-signal.ts';
import { FakeLoader } from '../testing/fake-model.ts';

/** Value that no model here can explain. */
const POISON = 13;

const anomaly = (anomalyId: number, modelVersion: number): DeferredAnomaly => ({
  ...{
    topic: 't',
    reason: 'low_density',
    anomalyId,
    modelVersion,
    pValue: 2 ** -anomalyId,
    pMethod: 'empirical',
    surpriseBits: anomalyId,
  },
  observed: { p: anomalyId },
});

/** Explains until the signal, with models 1 and 2, and records what was asked and stored. */
async function explainedLater(pages: (readonly DeferredAnomaly[] | Error)[]) {
  const stop = new AbortController();
  const stored: (Explanation | Unexplained)[] = [];
  const asked: unknown[] = [];
  let closed = 0;
  const { detector } = await new FakeLoader(1).loadChampion();
  const deferred: DeferredExplanations = {
    explainNext: async (_limit, explain) => {
      const page = pages.shift();
      if (pages.length === 0) stop.abort();
      if (page instanceof Error) throw page;
      stored.push(...(await explain(page ?? [])));
      return { explained: page?.length ?? 0, wereAwaited: false };
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
  const pace = { budget: { isFull: true }, work: new WorkSignal() };
  await explainLater(deferred, pace, createLogger({ name: 'test', level: 'silent' }), stop.signal);
  return { stored: stored.map(textOf), asked, closed };
}

const textOf = (found: Explanation | Unexplained): string =>
  'summary' in found ? found.summary : `not explained: ${found.explanationError}`;

/** Share of the time that explanations take, of pages for which messages wait or not. */
async function shareOf(isFull: boolean, wereAwaited: boolean): Promise<number> {
  const stop = new AbortController();
  let [pages, busyMs] = [0, 0];
  const deferred: DeferredExplanations = {
    explainNext: async () => {
      const startMs = performance.now();
      await sleep(10);
      busyMs += performance.now() - startMs;
      if (++pages === 3) stop.abort();
      return { explained: 1, wereAwaited };
    },
    detector: () => Promise.resolve(null),
    close: () => undefined,
  };
  const startMs = performance.now();
  const pace = { budget: { isFull }, work: new WorkSignal() };
  await explainLater(deferred, pace, createLogger({ name: 'test', level: 'silent' }), stop.signal);
  // The last page is followed by no pause.
  const lastMs = busyMs / pages;
  return (busyMs - lastMs) / (performance.now() - startMs - lastMs);
}

const empty = { contributions: [], expected: {}, nearestNormal: null };

describe('explaining later', () => {
  it('explains anomalies by the model that scored them, together, and says where that is gone', async () => {
    const { stored, asked, closed } = await explainedLater([
      [anomaly(1, 1), anomaly(4, 1), anomaly(2, 2)],
      [anomaly(3, 9)],
    ]);
    expect(stored).toEqual([
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
    expect(stored).toEqual(['not explained: the value is absurd', 'by model 1']);
  });

  it('takes a twentieth of the time while there are many anomalies, a quarter if messages wait', async () => {
    const [quiet, awaited, busy] = [await shareOf(true, true), await shareOf(false, true), await shareOf(false, false)];
    // A busy machine makes pauses longer, never shorter.
    expect(quiet).toBeLessThan(0.52);
    expect(awaited).toBeLessThan(0.27);
    expect(busy).toBeLessThan(0.06);
    expect(quiet).toBeGreaterThan(awaited);
    expect(awaited).toBeGreaterThan(2 * busy);
  });

  it('looks again as soon as there is work', async () => {
    const stop = new AbortController();
    const work = new WorkSignal();
    let looks = 0;
    const deferred: DeferredExplanations = {
      explainNext: () => {
        if (++looks === 1) setTimeout(() => work.give(), 10);
        else stop.abort();
        return Promise.resolve({ explained: 0, wereAwaited: false });
      },
      detector: () => Promise.resolve(null),
      close: () => undefined,
    };
    const startMs = performance.now();
    const pace = { budget: { isFull: true }, work };
    await explainLater(deferred, pace, createLogger({ name: 'test', level: 'silent' }), stop.signal);
    expect(looks).toBe(2);
    expect(performance.now() - startMs).toBeLessThan(2_500);
  });

  it('ends with the signal after a failure, and releases what it holds', async () => {
    const { stored, closed } = await explainedLater([new Error('the database is away')]);
    expect([stored, closed]).toEqual([[], 1]);
  });
});
