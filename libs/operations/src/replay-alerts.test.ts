import type { AlertRules } from '@flowline/alerts';
import type { Alert, Anomaly } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { eventsBeyond } from './events-beyond.ts';
import { replayAlerts } from './replay-alerts.ts';

const MINUTE_MS = 60_000;
const rules: AlertRules = {
  ...{ groupBy: ['feature'], sendResolved: true, cooldownMs: 0 },
  ...{ resolveAfterMs: 10 * MINUTE_MS, mergeGapMs: MINUTE_MS, minEvents: { count: 1, withinMs: MINUTE_MS } },
  severityBits: { warning: 13.3, major: 16.6, critical: 19.9 },
  storm: { alerts: 1_000, windowMs: MINUTE_MS },
};

/** Anomalies at minutes, of features. */
const anomalies = (...given: readonly (readonly [minute: number, feature: string, bits?: number])[]): Anomaly[] =>
  given.map(([minute, feature, bits = 14], i) => {
    const time = new Date(Date.UTC(2026, 0, 1) + minute * MINUTE_MS).toISOString();
    const alert = {
      ...{ alertId: String(i), detector: 'a', reason: 'low_density', score: { surpriseBits: bits } },
      contributions: [{ feature, bits, direction: 'high' }],
      event: { topic: 't', partition: 0, offset: i, id: String(i), time, entity: null },
    };
    return { row: 0, reason: 'low_density', alert: alert as unknown as Alert };
  });
const endMs = Date.UTC(2026, 0, 2);

describe('replayed alerts', () => {
  it('open once per fingerprint, escalate, and are resolved at the end', () => {
    const found = replayAlerts(anomalies([0, 'x'], [1, 'x', 21], [2, 'y'], [3, 'x']), rules, endMs);
    expect(found).toEqual({ alerts: 2, storms: 0, pages: 3, messages: 5 });
  });

  it('open again after their merge gap', () => {
    expect(replayAlerts(anomalies([0, 'x'], [60, 'x']), rules, endMs).alerts).toBe(2);
    const reopened = replayAlerts(anomalies([0, 'x'], [10.5, 'x']), rules, endMs);
    expect(reopened).toMatchObject({ alerts: 1, pages: 2 });
  });

  it('are counted in vain below the least events, and not told of when nobody is', () => {
    const minEvents = { count: 3, withinMs: MINUTE_MS };
    expect(replayAlerts(anomalies([0, 'x'], [0.5, 'x']), { ...rules, minEvents }, endMs)).toEqual({
      ...{ alerts: 0, storms: 0, pages: 0, messages: 0 },
    });
    expect(replayAlerts(anomalies([0, 'x']), { ...rules, sendResolved: false }, endMs).messages).toBe(1);
  });

  it('collapse into a storm', () => {
    const many = anomalies(...Array.from({ length: 5 }, (_, i) => [i / 60, `f${i}`] as const));
    const found = replayAlerts(many, { ...rules, storm: { alerts: 2, windowMs: MINUTE_MS } }, endMs);
    expect(found).toMatchObject({ alerts: 5, storms: 1 });
    expect(found.pages).toBeLessThan(5);
  });
});

describe('eventsBeyond', () => {
  it('counts whole bits as they are, and a part of one by uniform p-values', () => {
    expect([0, 1, 2, 9].map((threshold) => eventsBeyond([8, 4, 4], threshold))).toEqual([16, 8, 4, 0]);
    expect(eventsBeyond([8, 4, 4], 1.5)).toBeCloseTo(4 + 4 * (2 ** 0.5 - 1), 9);
  });
});
