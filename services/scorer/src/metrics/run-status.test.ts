import { Health, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { FakeLoader } from '../testing/fake-model.ts';
import { RunStatus } from './run-status.ts';

const notice = { error: new Error('no broker answers'), failures: 1, delayMs: 100 };

async function scoring() {
  const health = new Health();
  const status = new RunStatus('orders', health, silentLogger);
  const model = await new FakeLoader(1).loadChampion();
  status.uses(model);
  status.scores();
  const isReady = (): boolean => health.ready;
  return { status, model, isReady };
}

describe('RunStatus', () => {
  it('is ready again once the source is read, without an event', async () => {
    const { status, isReady } = await scoring();
    expect(isReady()).toBe(true);
    status.sourceFailed(notice);
    expect(isReady()).toBe(false);
    status.reads();
    expect(isReady()).toBe(true);
  });

  it('is not made ready by a source that is read while a batch cannot be stored', async () => {
    const { status, isReady } = await scoring();
    status.sourceFailed(notice);
    status.waitsAfter('a batch cannot be stored')(notice);
    status.reads();
    expect(isReady()).toBe(false);
    status.scores();
    expect(isReady()).toBe(true);
  });

  it('is not ready while the champion is gone, and ready with the next', async () => {
    const { status, model, isReady } = await scoring();
    status.gone();
    status.reads();
    expect(isReady()).toBe(false);
    status.uses(model);
    expect(isReady()).toBe(true);
  });
});
