import { silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { Supervisor, type WantedRun } from './supervisor.ts';

/** Runs controlled by the test, under a supervisor that looks often. */
function setUp({ endsWhenAllFail = false } = {}) {
  const wanted = new Map<string, number>();
  const log: string[] = [];
  const fail = new Map<string, (error: Error) => void>();
  const finish = new Map<string, () => void>();
  let lookupFails = false;
  /** If true, stopped runs wait until the test finishes them. */
  let holdStops = false;
  const start =
    (name: string, version: number): WantedRun['start'] =>
    (signal) => {
      log.push(`start ${name}:${version}`);
      return new Promise<void>((resolve, reject) => {
        fail.set(name, reject);
        finish.set(name, resolve);
        signal.addEventListener('abort', () => {
          log.push(`stop ${name}:${version}`);
          if (!holdStops) resolve();
        });
      });
    };
  const stop = new AbortController();
  const supervisor = new Supervisor({
    list: () =>
      lookupFails
        ? Promise.reject(new Error('away'))
        : Promise.resolve([...wanted].map(([name, version]) => ({ name, version, start: start(name, version) }))),
    logger: silentLogger,
    signal: stop.signal,
    endsWhenAllFail,
    pollMs: 1,
    retryMs: 20,
  });
  return {
    wanted,
    log,
    stop,
    running: () => supervisor.run(),
    fail: (name: string) => fail.get(name)?.(new Error(`${name} failed`)),
    finish: (name: string) => finish.get(name)?.(),
    lookups: (fails: boolean) => (lookupFails = fails),
    holdStops: () => (holdStops = true),
  };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
const looks = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('Supervisor', () => {
  it('starts what is wanted, once, and stops what is no longer wanted', async () => {
    const { wanted, log, stop, running } = setUp();
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    wanted.set('b', 1);
    await until(() => log.length === 2);
    await looks();
    wanted.delete('a');
    await until(() => log.length === 3);
    stop.abort();
    await run;
    expect(log).toEqual(['start a:1', 'start b:1', 'stop a:1', 'stop b:1']);
  });

  it('lets a run end before the next version of it begins', async () => {
    const { wanted, log, stop, running, holdStops, finish } = setUp();
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    holdStops();
    wanted.set('a', 2);
    await until(() => log.length === 2);
    await looks();
    expect(log).toEqual(['start a:1', 'stop a:1']);
    finish('a');
    await until(() => log.length === 3);
    expect(log[2]).toBe('start a:2');
    stop.abort();
    finish('a');
    await run;
  });

  it('tries a run that failed again, while the others go on', async () => {
    const { wanted, log, stop, running, fail } = setUp();
    wanted.set('a', 1).set('b', 1);
    const run = running();
    await until(() => log.length === 2);
    fail('a');
    await until(() => log.length === 3);
    stop.abort();
    await run;
    expect(log.slice(0, 3)).toEqual(['start a:1', 'start b:1', 'start a:1']);
  });

  it('starts another version of what failed at once', async () => {
    const { wanted, log, stop, running, fail } = setUp();
    wanted.set('a', 1).set('b', 1);
    const run = running();
    await until(() => log.length === 2);
    wanted.set('a', 2);
    fail('a');
    await until(() => log.length === 3);
    expect(log[2]).toBe('start a:2');
    stop.abort();
    await run;
  });

  it('goes on where everything has failed, and tries again', async () => {
    const { wanted, log, stop, running, fail } = setUp();
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    fail('a');
    await until(() => log.length === 2);
    wanted.set('b', 1);
    await until(() => log.includes('start b:1'));
    stop.abort();
    await run;
    expect(log.slice(0, 3)).toEqual(['start a:1', 'start a:1', 'start b:1']);
  });

  it('rejects with the failure where everything that was asked for by name has failed', async () => {
    const { wanted, log, running, fail } = setUp({ endsWhenAllFail: true });
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    fail('a');
    await expect(run).rejects.toThrow('a failed');
  });

  it('forgets the failure of a detector that is gone, and waits for others', async () => {
    const { wanted, log, stop, running, fail } = setUp();
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    wanted.delete('a');
    fail('a');
    await looks();
    wanted.set('b', 1);
    await until(() => log.includes('start b:1'));
    stop.abort();
    await expect(run).resolves.toBeUndefined();
  });

  it('keeps the runs while the detectors cannot be looked up', async () => {
    const { wanted, log, stop, running, lookups } = setUp();
    wanted.set('a', 1);
    const run = running();
    await until(() => log.length === 1);
    lookups(true);
    wanted.clear();
    await looks();
    expect(log).toEqual(['start a:1']);
    lookups(false);
    await until(() => log.length === 2);
    stop.abort();
    await run;
  });
});
