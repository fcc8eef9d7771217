import { createMetrics } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { readSample } from './scrape.ts';

describe('readSample', () => {
  it('reads what a process exposes, over all its partitions', async () => {
    const metrics = createMetrics();
    metrics.tensors.set(3);
    metrics.eventsScored.inc({ detector: 'd' }, 70);
    for (const [partition, records] of [5, 2].entries()) {
      metrics.consumerLag.set({ detector: 'd', topic: 't', partition }, records);
      metrics.consumerLagTime.set({ detector: 'd', topic: 't', partition }, records / 10);
    }
    const sample = readSample((await metrics.expose()).body);
    expect(sample).toMatchObject({ tensors: 3, stored: 70, lagRecords: 7, lagSeconds: 0.5 });
    expect(sample.residentMb).toBeGreaterThan(20);
    expect(sample.heapMb).toBeGreaterThan(5);
    expect(sample.externalMb).toBeGreaterThan(0);
  });

  it('says which metric is missing', () => {
    expect(() => readSample('flowline_tensors 1\n')).toThrow('process_resident_memory_bytes');
  });
});
