import { createMetrics, type Logger, silentLogger } from '@flowline/telemetry';
import { describe, expect, it } from '@jest/globals';

import { FarTimes } from './far-times.ts';

const NOW = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;

describe('FarTimes', () => {
  it('counts events far from now, and names the first of them once in a while', async () => {
    const warnings: object[] = [];
    const logger: Logger = { ...silentLogger, warn: (fields: object) => void warnings.push(fields) };
    const metrics = createMetrics({ processMetrics: false });
    const times = new FarTimes('checkout', metrics, logger);
    const note = (eventTimesMs: readonly number[], nowMs = NOW): void =>
      times.note(
        { eventTimesMs: Float64Array.from(eventTimesMs), eventIds: eventTimesMs.map((_, i) => `id ${i}`) },
        nowMs,
      );

    note([NOW, NOW + 23 * HOUR_MS, NOW - 365 * 24 * HOUR_MS]);
    expect(warnings).toEqual([]);
    note([NOW, NOW * 1000, Date.UTC(2012, 0, 1)]);
    expect(warnings).toEqual([{ events: 2, eventId: 'id 1', eventTime: new Date(NOW * 1000).toISOString() }]);
    note([NOW / 1000], NOW + HOUR_MS - 1);
    expect(warnings).toHaveLength(1);
    note([NOW / 1000], NOW + HOUR_MS);
    expect(warnings[1]).toEqual({ events: 2, eventId: 'id 0', eventTime: new Date(NOW / 1000).toISOString() });
    expect((await metrics.expose()).body).toContain('flowline_events_far_from_now_total{detector="checkout"} 4');
  });
});
