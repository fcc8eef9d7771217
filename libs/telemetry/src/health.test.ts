import { afterEach, describe, expect, it } from '@jest/globals';

import { Health, type HealthServer, startHealthServer } from './health.ts';
import { createMetrics } from './metrics.ts';

const healthy = { healthy: true, ready: true, detail: 'scoring' };

describe('startHealthServer', () => {
  let server: HealthServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function start() {
    const health = new Health();
    const metrics = createMetrics({ processMetrics: false });
    server = await startHealthServer({ port: 0, host: '127.0.0.1', health, metrics });
    const base = `http://127.0.0.1:${server.port}`;
    return { health, metrics, get: (path: string) => fetch(base + path) };
  }

  it('is ready only when every part is, and healthy while none is broken', async () => {
    const { health, get } = await start();
    expect((await get('/readyz')).status).toBe(503);
    health.set('detector a', healthy);
    health.set('detector b', { healthy: true, ready: false, detail: 'no champion yet' });
    expect((await get('/healthz')).status).toBe(200);
    const waiting = await get('/readyz');
    expect(waiting.status).toBe(503);
    expect(await waiting.json()).toEqual({
      ok: false,
      parts: { 'detector a': healthy, 'detector b': { healthy: true, ready: false, detail: 'no champion yet' } },
    });
    health.set('detector b', healthy);
    expect((await get('/readyz')).status).toBe(200);
    health.set('detector a', { healthy: false, ready: true, detail: 'stopped' });
    expect([(await get('/healthz')).status, (await get('/readyz')).status]).toEqual([503, 503]);
    // A restart would fix neither the stopped detector nor the working one.
    expect((await get('/livez')).status).toBe(200);
  });

  it('exposes metrics under one prefix', async () => {
    const { metrics, get } = await start();
    metrics.eventsScored.inc({ detector: 'd' }, 41);
    const text = await (await get('/metrics')).text();
    expect(text).toContain('flowline_events_scored_total{detector="d"} 41');
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]);
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !name?.startsWith('flowline_'))).toEqual([]);
  });

  it('answers 404 elsewhere', async () => {
    const { get } = await start();
    expect((await get('/')).status).toBe(404);
  });
});
