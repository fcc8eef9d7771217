import { FlowlineError, newDiscoveries, type ScoredBatch } from '@flowline/events';
import { createMemorySource, type EventSource, jsonRecord, type SourceBatch } from '@flowline/stream';
import { createMetrics, Health, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';
import { Observable, Subject } from 'rxjs';

import { PartitionIds } from './ids/partition-ids.ts';
import { PartitionWindows } from './windows/partition-windows.ts';
import { type DetectorRunParts, runDetector } from './run-detector.ts';
import { FakeDiscoveryStore } from './testing/fake-discovery-store.ts';
import { FakeIdStore } from './testing/fake-id-store.ts';
import { FakeLoader } from './testing/fake-model.ts';
import { FakeStore } from './testing/fake-store.ts';
import { FakeWindowStore } from './testing/fake-window-store.ts';

const away = new FlowlineError('FLOWLINE_DATABASE_UNREACHABLE', 'Postgres is away', { retryable: true });

/** Events with the p-values given; text becomes a record that is not JSON. */
const records = (values: readonly (number | string)[]) =>
  values.map((p, offset) =>
    typeof p === 'number'
      ? jsonRecord(offset, { p, ts: 1_000 + offset })
      : { offset, key: null, value: Buffer.from(p), headers: {}, timestampMs: 0 },
  );

const memory = (partitions: readonly (readonly (number | string)[])[], maxRows = 2): EventSource =>
  createMemorySource({ topic: 't', partitions: partitions.map(records), maxRows });

/** An endless source, fed by the test. */
function endless() {
  const batches = new Subject<SourceBatch>();
  let opened = 0;
  let failure: Error | undefined;
  const source: EventSource = {
    finite: false,
    batches$: new Observable((subscriber) => {
      opened++;
      if (failure !== undefined) {
        const error = failure;
        failure = undefined;
        subscriber.error(error);
        return undefined;
      }
      return batches.subscribe(subscriber);
    }),
    stop: () => batches.complete(),
  };
  let next = 0;
  const feed = (p: number): Promise<void> =>
    new Promise((done) => {
      const records = [jsonRecord(next, { p, ts: 0 })];
      const source = { topic: 't', topicId: null, partition: 0 };
      const batch = { ...source, fromOffset: next, records, nextOffset: next + 1, done };
      next++;
      batches.next(batch);
    });
  return { source, feed, opened: () => opened, failNext: (error: Error) => (failure = error) };
}

function setUp(source: EventSource, more: Partial<DetectorRunParts> = {}) {
  const loader = new FakeLoader(1);
  const store = new FakeStore();
  const health = new Health();
  const metrics = createMetrics({ processMetrics: false });
  const stop = new AbortController();
  const windows = new PartitionWindows(new FakeWindowStore(), silentLogger);
  const ids = new PartitionIds(new FakeIdStore());
  const { signal } = stop;
  const discoveries = new FakeDiscoveryStore(store);
  const common = { name: 'fake', source, windows, ids, discoveries, loader, store, logger: silentLogger };
  const parts = { ...common, metrics, health, signal };
  return { loader, store, health, metrics, stop, run: () => runDetector({ ...parts, pollMs: 2, ...more }) };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('runDetector', () => {
  it('stores every record of every partition once, in order, as an event or a dead letter', async () => {
    const { run, store } = setUp(memory([[0.5, 'x', 0.3, 0.001, 0.2], [0.4]]));
    expect(await run()).toMatchObject({
      detector: 'fake',
      events: 6,
      scored: 5,
      alreadyStored: 0,
      deadLetters: 1,
      anomalies: 1,
      backend: 'fake',
    });
    expect(store.offsets(0)).toEqual([0, 2, 3, 4]);
    expect(store.offsets(1)).toEqual([0]);
    expect(store.batches.map(({ partition, nextOffset }) => [partition, nextOffset])).toEqual([
      [0, 2],
      [1, 1],
      [0, 4],
      [0, 5],
    ]);
  });

  it('opens its source again where another worker has stored anomalies meanwhile, and stores nothing twice', async () => {
    const { source, feed, opened } = endless();
    const { loader, store, stop } = setUp(source);
    loader.fdr = 0.1;
    const discoveries = new FakeDiscoveryStore(store);
    const commit = (batch: ScoredBatch) => discoveries.commit(batch, store);
    const running = setUp(source, { discoveries, loader, store: { commit }, signal: stop.signal }).run();
    await until(() => opened() > 0);
    await feed(0.5);
    await feed(1e-6);
    // The other worker: it tests two events of the next offsets.
    const theirs = { ...newDiscoveries(0.1), tests: 40, discovered: 1, latest: [2] };
    discoveries.states.set(0, theirs);
    void feed(0.4);
    await until(() => opened() > 1);
    stop.abort();
    await running;
    expect(discoveries.states.get(0)).toEqual(theirs);
    expect(store.offsets(0)).toEqual([0, 1]);
  });

  it('raises one alert for each event whose p-value is at most alpha', async () => {
    const { run, store } = setUp(memory([[0.011, 0.01, 0.5, 0.0001]], 10));
    await run();
    const [batch] = store.batches;
    expect(batch?.anomalies.map(({ row }) => row)).toEqual([1, 3]);
    expect(batch?.anomalies[0]).toMatchObject({
      reason: 'low_density',
      alert: {
        detector: 'fake',
        summary: 'p is low',
        observed: { p: 0.01 },
        score: { pValue: 0.01 },
        model: { version: 1, family: 'realNVP', trainedRows: 10 },
        event: { topic: 't', partition: 0, offset: 1, id: 't-0-1', time: '1970-01-01T00:00:01.001Z' },
      },
    });
  });

  it('counts what an earlier run has stored', async () => {
    const { run, store } = setUp(memory([[0.5, 0.5, 0.5]], 10));
    store.next.set(0, 2);
    expect(await run()).toMatchObject({ events: 3, scored: 1, alreadyStored: 2 });
  });

  it('holds the batch while the database is away, says so, and loses nothing', async () => {
    const { run, store, health } = setUp(memory([[0.5, 0.5, 0.5]], 1));
    store.failures.push(away, away);
    const running = run();
    await until(() => !health.ready && JSON.stringify(health.report()).includes('Postgres is away'));
    expect(await running).toMatchObject({ events: 3, scored: 3 });
    expect(store.attempts).toBe(5);
    expect(store.offsets(0)).toEqual([0, 1, 2]);
    expect(health.ready).toBe(true);
  });

  it('ends with an error that will not pass, and is unhealthy then', async () => {
    const { run, store, health, loader } = setUp(memory([[0.5]]));
    store.failures.push(new FlowlineError('FLOWLINE_DATABASE_NOT_MIGRATED', 'old schema'));
    await expect(run()).rejects.toMatchObject({ code: 'FLOWLINE_DATABASE_NOT_MIGRATED' });
    expect(health.healthy).toBe(false);
    expect(loader.disposed).toEqual([1]);
  });

  it('fails at once on a finite source without a champion', async () => {
    const { run, loader } = setUp(memory([[0.5]]));
    loader.champion = null;
    await expect(run()).rejects.toMatchObject({
      code: 'FLOWLINE_MODEL_MISSING',
      remedy: expect.stringContaining('flowline train fake'),
    });
  });

  it('waits for the first champion on an endless source, until it is stopped', async () => {
    const { source, opened } = endless();
    const { run, loader, health, stop } = setUp(source);
    loader.champion = null;
    const running = run();
    await until(() => JSON.stringify(health.report()).includes('no champion'));
    expect([health.healthy, health.ready, opened()]).toEqual([true, false, 0]);
    stop.abort();
    expect(await running).toMatchObject({ events: 0 });
  });

  it('takes over a new champion between batches without losing an event', async () => {
    const { source, feed } = endless();
    const { run, loader, store, stop } = setUp(source);
    const running = run();
    await until(() => loader.loaded.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await feed(0.5);
    loader.champion = 2;
    await until(() => loader.disposed.includes(1));
    await feed(0.5);
    stop.abort();
    await running;
    expect(store.batches.map(({ modelVersion }) => modelVersion)).toEqual([1, 2]);
    expect(store.offsets(0)).toEqual([0, 1]);
    expect(loader.disposed).toEqual([1, 2]);
  });

  it('says in its health which model scores, and why it is not the newest that was asked for', async () => {
    const { source } = endless();
    const { run, loader, health, stop } = setUp(source);
    const detail = (): string => health.report()['detector fake']?.detail ?? '';
    loader.outdated = { version: 2, changes: ['spec.features', 'spec.model'] };
    const running = run();
    await until(() => detail().startsWith('scoring'));
    expect(detail()).toBe(
      'scoring with model version 1, alpha 0.01; spec.features, spec.model of definition version 2 wait for a model ' +
        'trained for them (`flowline status fake` says when)',
    );
    loader.failure = new FlowlineError('FLOWLINE_MODEL_CORRUPTED', 'broken bytes');
    loader.champion = 2;
    await until(() => detail().endsWith('; model version 2 cannot be used: broken bytes'));
    loader.failure = undefined;
    loader.outdated = null;
    loader.champion = 3;
    await until(() => detail() === 'scoring with model version 3, alpha 0.01');
    expect(health.ready).toBe(true);
    stop.abort();
    await running;
  });

  it('opens an endless source again after a failure that may pass', async () => {
    const { source, feed, opened, failNext } = endless();
    const { run, store, stop } = setUp(source);
    failNext(new FlowlineError('FLOWLINE_BROKER_UNREACHABLE', 'gone', { retryable: true }));
    const running = run();
    await until(() => opened() === 2);
    await feed(0.5);
    stop.abort();
    expect(await running).toMatchObject({ events: 1, scored: 1 });
    expect(store.offsets(0)).toEqual([0]);
  });

  it('ends when an endless source fails for good', async () => {
    const { source, failNext } = endless();
    const { run } = setUp(source);
    failNext(new FlowlineError('FLOWLINE_TOPIC_RECREATED', 'another topic'));
    await expect(run()).rejects.toMatchObject({ code: 'FLOWLINE_TOPIC_RECREATED' });
  });

  it('explains what it has stored without an explanation as soon as it is stored', async () => {
    const { source, feed, opened } = endless();
    const lookedMs: number[] = [];
    const deferred: NonNullable<DetectorRunParts['deferred']> = {
      explainNext: () => {
        lookedMs.push(performance.now());
        return Promise.resolve({ explained: 0, wereAwaited: false });
      },
      detector: () => Promise.resolve(null),
      close: () => undefined,
    };
    const { run, store, stop } = setUp(source, { deferred, explainShare: 0 });
    const running = run();
    await until(() => lookedMs.length === 1 && opened() === 1);
    await feed(0.5);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(lookedMs).toHaveLength(1);
    await feed(0.001);
    const storedMs = performance.now();
    await until(() => lookedMs.length === 2);
    expect(lookedMs[1]).toBeLessThan(storedMs + 2_000);
    expect(store.batches.flatMap(({ anomalies }) => anomalies)).toHaveLength(1);
    stop.abort();
    await running;
  });

  it('writes out and explains what is stored while its champion cannot be used', async () => {
    let [written, looks] = [0, 0];
    const { source } = endless();
    const { run, loader, stop } = setUp(source, {
      writeOut: () => {
        written++;
        return Promise.resolve(null);
      },
      deferred: {
        explainNext: () => {
          looks++;
          return Promise.resolve({ explained: 0, wereAwaited: false });
        },
        detector: () => Promise.resolve(null),
        close: () => undefined,
      },
    });
    loader.failure = new FlowlineError('FLOWLINE_MODEL_CORRUPTED', 'the model is corrupted');
    const running = run();
    await until(() => written > 0 && looks > 0 && loader.attempts > 0);
    stop.abort();
    expect(await running).toMatchObject({ events: 0 });
  });

  it('exposes what happened as metrics', async () => {
    const { run, metrics } = setUp(memory([[0.5, 'x', 0.001]], 10));
    await run();
    const { body } = await metrics.expose();
    for (const line of [
      'flowline_events_consumed_total{detector="fake"} 3',
      'flowline_events_scored_total{detector="fake"} 2',
      'flowline_events_dead_lettered_total{detector="fake",reason="not_json"} 1',
      'flowline_anomalies_total{detector="fake",reason="low_density"} 1',
      'flowline_score_duration_seconds_count{detector="fake",stage="commit"} 1',
      'flowline_model_info{detector="fake",version="1",family="realNVP"} 1',
    ]) {
      expect(body).toContain(line);
    }
  });
});
