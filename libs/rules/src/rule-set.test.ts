import type { RuleSpec } from '@flowline/config';
import { parseDetector } from '@flowline/config';
import type { Anomaly } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { type RuleFault, RuleSet, type RulesAndCalendars } from './rule-set.ts';

const detector = parseDetector(
  `
apiVersion: flowline/v1
kind: Detector
metadata: { name: checkout }
spec:
  source: { kafka: { topic: orders }, time: { field: ts, unit: ms }, key: [shop, till] }
  history: { query: select 1 }
  features: [{ name: latency_ms, type: positive }, { name: amount, type: real }, { name: vip, type: boolean }]
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
  alerts: { direction: { amount: down }, minEffect: { latency_ms: { ofRange: 2 } } }
`,
  'detector.yaml',
);

/** An anomaly to which a feature contributes most, explained unless it is deferred. */
function anomaly(feature: string, value: number, changes: Partial<Anomaly['alert']> = {}): Anomaly {
  const alert: Anomaly['alert'] = {
    ...{ alertId: 'a', detector: 'checkout', reason: 'low_density', summary: '', explanation: 'complete' },
    score: { pValue: 2 ** -14, pMethod: 'tail', alpha: 0.001, surpriseBits: 14, logDensityNats: -9 },
    observed: { latency_ms: null, amount: 5, vip: 'true', [feature]: value },
    expected: { latency_ms: { median: 100, p05: 50, p95: 150 }, amount: { median: 5, p05: 1, p95: 9 } },
    contributions: [{ feature, bits: 14, direction: value > 50 ? 'high' : 'low' }],
    ...{ nearestNormal: null, model: { version: 1, family: 'f', trainedRows: 1 } },
    event: { topic: 't', partition: 0, offset: 0, id: 'e', time: '2026-11-27T02:30:00.000Z', entity: '["s","3"]' },
    ...changes,
  };
  return { row: 0, reason: 'low_density', alert };
}
const slow = anomaly('latency_ms', 900);

const rule = (name: string, when: string, then: RuleSpec['then'], scope: Partial<RuleSpec> = {}) => ({
  name,
  version: 1,
  spec: { when, then, ...scope },
});

function setUp(inForce: Partial<RulesAndCalendars>) {
  const faults: RuleFault[] = [];
  const set = new RuleSet(detector, { rules: [], calendars: [], ...inForce }, (fault) => faults.push(fault));
  return { faults, apply: (found: Anomaly) => set.applyTo(found) };
}

describe('rules', () => {
  it('leave an anomaly that they do not meet as it is', () => {
    const { apply } = setUp({ rules: [rule('fast', 'x.latency_ms < 10', { suppress: true })] });
    expect(apply(slow)).toBe(slow);
  });

  it('give labels of any name', () => {
    const tag = JSON.parse('{ "__proto__": "a" }') as Record<string, string>;
    const { labels = {} } = setUp({ rules: [rule('odd', 'bits > 1.0', { tag })] }).apply(slow).alert;
    expect(Object.entries(labels)).toEqual([['__proto__', 'a']]);
  });

  it('suppress, downgrade, tag and exclude, each with its name', () => {
    const { apply } = setUp({
      rules: [
        rule('batch', 'entity.till == "3" && x.vip == true && feature == "latency_ms"', { suppress: true }),
        rule('mild', 'severity == "warning" && detector == "checkout"', { downgrade: 'info', tag: { team: 'a' } }),
        rule('noise', 'bits > 13.0', { downgrade: 'major', excludeFromTraining: true, tag: { team: 'b', why: 'n' } }),
      ],
    });
    expect(apply(slow)).toMatchObject({
      alert: { rules: ['batch', 'mild', 'noise'], labels: { team: 'b', why: 'n' } },
      verdict: {
        ...{ rules: ['batch', 'mild', 'noise'], suppressedBy: 'batch', severityAtMost: 'info' },
        excludedFromTraining: true,
      },
    });
  });

  it('are limited to detectors, entities and features', () => {
    const then = { suppress: true } as const;
    const { apply } = setUp({
      rules: [
        rule('other', 'true', then, { detectors: ['payments'] }),
        rule('elsewhere', 'true', then, { entities: ['["s","4"]'] }),
        rule('amounts', 'true', then, { features: ['amount'] }),
        rule('mine', 'true', then, { detectors: ['checkout'], entities: ['["s","3"]'], features: ['latency_ms'] }),
      ],
    });
    expect(apply(slow).verdict?.rules).toEqual(['mine']);
  });

  it('that cannot be evaluated do not match, and are reported once', () => {
    const { apply, faults } = setUp({
      rules: [
        rule('missing', 'x.latency_ms > 1.0', { suppress: true }),
        rule('broken', 'x.latency_ms >', { suppress: true }),
        rule('good', 'x.amount == 5', { suppress: true }),
      ],
    });
    const found = anomaly('amount', 5, { observed: { amount: 5, latency_ms: null, vip: 'false' } });
    expect([apply(found), apply(found)].map(({ verdict }) => verdict?.suppressedBy)).toEqual(['good', 'good']);
    expect(faults.map(({ name, version, message }) => `${name} ${version}: ${message}`)).toEqual([
      'broken 1: Unexpected token: EOF',
      'missing 1: No such key: latency_ms',
    ]);
  });

  it('over the explanation wait for it', () => {
    const { apply, faults } = setUp({ rules: [rule('e', 'x.latency_ms > e.latency_ms.p95', { suppress: true })] });
    const deferred = {
      ...slow,
      alert: { ...slow.alert, explanation: 'deferred', contributions: [], expected: {} },
    } as const;
    expect(apply(deferred)).toBe(deferred);
    expect(faults).toEqual([]);
    expect(apply(slow).verdict?.suppressedBy).toBe('e');
  });
});

describe('calendars', () => {
  const nights = (switches: object) => ({
    ...{ name: 'nights', version: 1 },
    spec: {
      timezone: 'Europe/Paris',
      events: [{ start: '2026-01-01T22:00', duration: '8h', rrule: 'FREQ=DAILY' }],
      ...switches,
    },
  });

  it('switch alerts and training off separately, and are names for rules', () => {
    expect(setUp({ calendars: [nights({})] }).apply(slow)).toBe(slow);
    expect(setUp({ calendars: [nights({ alerts: false })] }).apply(slow).verdict).toMatchObject({
      suppressedBy: 'calendar/nights',
      excludedFromTraining: false,
    });
    expect(setUp({ calendars: [nights({ training: false })] }).apply(slow).verdict).toMatchObject({
      suppressedBy: null,
      excludedFromTraining: true,
    });
    const byDay = { ...slow.alert, event: { ...slow.alert.event, time: '2026-11-27T12:00:00.000Z' } };
    const { apply } = setUp({
      ...{ calendars: [nights({})], rules: [rule('at-night', 'calendar.nights', { suppress: true })] },
    });
    expect(apply(slow).verdict?.suppressedBy).toBe('at-night');
    expect(apply({ ...slow, alert: byDay }).verdict).toBeUndefined();
  });
});

describe('bounds on effects', () => {
  const { apply } = setUp({});

  it.each([
    ['latency_ms', 299, 'minEffect'],
    ['latency_ms', 301, null],
    ['latency_ms', 1, 'minEffect'],
    ['amount', 100, 'direction'],
    ['amount', -100, null],
  ])('%s %d: %s', (feature, value, bound) => {
    expect(apply(anomaly(feature, value)).verdict?.suppressedBy ?? null).toBe(bound);
  });

  it('let an anomaly pass whose explanation follows', () => {
    const deferred = anomaly('amount', 100, { explanation: 'deferred', contributions: [], expected: {} });
    expect(apply(deferred)).toBe(deferred);
  });
});
