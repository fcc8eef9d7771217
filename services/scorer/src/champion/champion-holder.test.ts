import { FlowlineError } from '@flowline/events';
import { createLogger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { ChampionHolder } from './champion-holder.ts';
import { FakeLoader } from '../testing/fake-model.ts';

const corrupted = new FlowlineError('FLOWLINE_MODEL_CORRUPTED', 'broken bytes');

describe('ChampionHolder', () => {
  it('holds nothing while there is no champion', async () => {
    const holder = new ChampionHolder({ loader: new FakeLoader(), logger: silentLogger });
    expect(await holder.refresh()).toBeUndefined();
    expect(() => holder.acquire()).toThrow();
  });

  it('takes over a new champion between two batches, and disposes the old one with its last', async () => {
    const loader = new FakeLoader(1);
    const holder = new ChampionHolder({ loader, logger: silentLogger });
    await holder.refresh();
    const first = holder.acquire();
    const second = holder.acquire();
    loader.champion = 2;
    await holder.refresh();
    const third = holder.acquire();
    expect([first, second, third].map(({ model }) => model.modelVersion)).toEqual([1, 1, 2]);
    first.release();
    first.release();
    expect(loader.disposed).toEqual([]);
    second.release();
    expect(loader.disposed).toEqual([1]);
    third.release();
    expect(loader.disposed).toEqual([1]);
  });

  it('disposes an old champion at once where no batch holds it, and loads none twice', async () => {
    const loader = new FakeLoader(1);
    const holder = new ChampionHolder({ loader, logger: silentLogger });
    await holder.refresh();
    await holder.refresh();
    loader.champion = 2;
    await holder.refresh();
    expect(loader.loaded).toEqual([1, 2]);
    expect(loader.disposed).toEqual([1]);
  });

  it('keeps the model it has when the new one cannot be used, and says so once', async () => {
    const lines: string[] = [];
    const logger = createLogger({ name: 't', destination: { write: (line) => void lines.push(line) } });
    const rejected: number[] = [];
    const loader = new FakeLoader(1);
    const holder = new ChampionHolder({ loader, logger, onRejected: (version) => rejected.push(version) });
    await holder.refresh();
    loader.champion = 2;
    loader.failure = corrupted;
    for (let look = 0; look < 3; look++) expect((await holder.refresh())?.modelVersion).toBe(1);
    expect(rejected).toEqual([2]);
    expect(lines.filter((line) => line.includes('FLOWLINE_MODEL_CORRUPTED'))).toHaveLength(1);
    expect(loader.disposed).toEqual([]);
    loader.failure = undefined;
    loader.champion = 3;
    expect((await holder.refresh())?.modelVersion).toBe(3);
  });

  it('scores with no model whose detector has lost it, and takes over the next of the same number', async () => {
    const loader = new FakeLoader(1);
    const gone: number[] = [];
    const onGone = ({ modelVersion }: { modelVersion: number }) => void gone.push(modelVersion);
    const holder = new ChampionHolder({ loader, logger: silentLogger, onGone });
    await holder.refresh();
    const lease = holder.acquire();
    loader.champion = null;
    expect(await holder.refresh()).toBeUndefined();
    expect(await holder.refresh()).toBeUndefined();
    expect(gone).toEqual([1]);
    expect(() => holder.acquire()).toThrow(
      expect.objectContaining({ code: 'FLOWLINE_MODEL_MISSING', retryable: true }),
    );
    expect(loader.disposed).toEqual([]);
    lease.release();
    expect(loader.disposed).toEqual([1]);
    loader.champion = 1;
    expect((await holder.refresh())?.modelVersion).toBe(1);
    expect(loader.loaded).toEqual([1, 1]);
  });

  it('throws why the first champion cannot be used', async () => {
    const loader = new FakeLoader(1);
    loader.failure = corrupted;
    const holder = new ChampionHolder({ loader, logger: silentLogger });
    await expect(holder.refresh()).rejects.toBe(corrupted);
    await expect(holder.refresh()).rejects.toBe(corrupted);
    expect(loader.attempts).toBe(1);
  });

  it('does not blame the model when the database goes away while it is loaded', async () => {
    const loader = new FakeLoader(1);
    loader.failure = new FlowlineError('FLOWLINE_DATABASE_UNREACHABLE', 'away', { retryable: true });
    const holder = new ChampionHolder({ loader, logger: silentLogger });
    await expect(holder.refresh()).rejects.toMatchObject({ code: 'FLOWLINE_DATABASE_UNREACHABLE' });
    loader.failure = undefined;
    expect((await holder.refresh())?.modelVersion).toBe(1);
  });

  it('watches until the signal', async () => {
    const loader = new FakeLoader(1);
    const holder = new ChampionHolder({ loader, logger: silentLogger, pollMs: 2 });
    await holder.refresh();
    const stop = new AbortController();
    const watching = holder.watch(stop.signal);
    loader.champion = 2;
    while (holder.current?.modelVersion !== 2) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await watching;
    holder.close();
    expect(loader.disposed).toEqual([1, 2]);
  });

  it.each(['looked up', 'loaded'])('says nothing of a champion that cannot be %s after the end', async (when) => {
    const logged: string[] = [];
    const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => logged.push(line) } });
    let fail = (): void => undefined;
    const closed = new Promise<never>((_, reject) => (fail = () => reject(new Error('the database is closed'))));
    const loader = {
      championVersion: () => (when === 'looked up' ? closed : Promise.resolve(1)),
      loadChampion: () => closed,
    };
    const holder = new ChampionHolder({ loader, logger, pollMs: 1 });
    const watching = holder.watch(new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    holder.close();
    fail();
    await watching;
    expect(logged).toEqual([]);
  });

  it('disposes everything when it is closed, also what is loaded meanwhile', async () => {
    const loader = new FakeLoader(1);
    const holder = new ChampionHolder({ loader, logger: silentLogger });
    await holder.refresh();
    const lease = holder.acquire();
    loader.champion = 2;
    const load = loader.loadChampion.bind(loader);
    loader.loadChampion = () => {
      const loading = load();
      holder.close();
      return loading;
    };
    await holder.refresh();
    lease.release();
    expect(loader.disposed).toEqual([1, 2]);
    expect(holder.current).toBeUndefined();
  });
});
