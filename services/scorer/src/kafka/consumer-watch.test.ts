import { createMetrics, Health, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { ConsumerWatch } from './consumer-watch.ts';

describe('ConsumerWatch', () => {
  it('is not ready while the brokers do not answer, and ready once the topic is read again', () => {
    const health = new Health();
    const source = { inFlight: 0, abandon: () => undefined };
    const parts = { health, logger: silentLogger, metrics: createMetrics(), stallMs: 60_000 };
    const watch = new ConsumerWatch({ detector: 'orders', topic: 'orders', source, ...parts });
    const lags = [{ partition: 0, stored: 5, position: 5, end: 5, records: 0 }];
    expect(watch.check(lags)).toBe(true);
    expect([health.healthy, health.ready]).toEqual([true, true]);
    watch.missed(new Error('no broker answers'));
    expect([health.healthy, health.ready]).toEqual([true, false]);
    // A consumer that is opened again has no partitions yet.
    expect(watch.check([])).toBe(false);
    expect(health.ready).toBe(false);
    expect(watch.check(lags)).toBe(true);
    expect(health.ready).toBe(true);
  });
});
