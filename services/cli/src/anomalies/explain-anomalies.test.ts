import type { StoredAnomaly } from '@flowline/db';
import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { explainAnomaly } from './explain-anomalies.ts';

const spec = (name: string, type: FeatureSpec['type'], period: number | null = null): [string, FeatureSpec] => [
  name,
  { name, type, from: name, role: 'score', nullable: false, maxLevels: 10, period },
];

const anomaly: StoredAnomaly = {
  ...{ anomalyId: 1, alertId: 'a', detector: 'checkout', detectorVersion: 1, modelVersion: 1 },
  ...{ rules: [], suppressedBy: null },
  ...{ topic: 'orders', partition: 0, offset: 5, eventId: 'e\u001b5', entity: 'shop\r7' },
  ...{ eventTime: new Date(Date.UTC(2026, 0, 1, 14, 5)), scoredAt: new Date(), reason: 'low_density' },
  ...{ logDensityNats: -30, pValue: 1.2e-7, pMethod: 'tail', surpriseBits: 23, topFeature: 'latency' },
  summary: 'latency 9120, expected 51–166 given the rest (18.9 bits; the event 23.0)',
  observed: { hour: Date.UTC(2026, 0, 1, 14, 5), latency: 9120, items: null },
  expected: { latency: { median: 90, p05: 51, p95: 166 } },
  contributions: [{ feature: 'latency', bits: 18.9, direction: 'high' }],
  nearestNormal: { hour: Date.UTC(2026, 0, 1, 14, 5), latency: 160, items: null },
  explanationFollows: false,
};

describe('explainAnomaly', () => {
  it('shows every feature as people read it, a time of day among them', () => {
    const features = new Map([spec('hour', 'cyclic', 86_400_000), spec('latency', 'positive')]);
    expect(explainAnomaly(anomaly, features)).toBe(
      [
        '2026-01-01 14:05:00Z  checkout  event e\\u001b5, of shop\\u000d7: 23.0 bits, p-value 1.2e-7',
        '  latency 9120, expected 51–166 given the rest (18.9 bits; the event 23.0)',
        '    feature  found      expected  closest usual  bits',
        '    latency  9120       51–166    160            18.9',
        '    hour     14:05:00Z            14:05:00Z',
        '    items    missing              missing',
      ].join('\n'),
    );
  });

  it('shows features whose names all objects know', () => {
    const observed = JSON.parse('{"constructor": 1, "__proto__": 2}') as StoredAnomaly['observed'];
    const rows = explainAnomaly({ ...anomaly, observed, nearestNormal: {}, contributions: [] }, new Map()).split('\n');
    expect(rows.slice(3).map((row) => row.trim().split(/ +/))).toEqual([
      ['constructor', '1', 'missing'],
      ['__proto__', '2', 'missing'],
    ]);
  });
});
