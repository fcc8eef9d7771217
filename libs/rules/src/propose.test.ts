import { parseDetector, parseDocuments } from '@flowline/config';
import type { Anomaly } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { checkRule } from './check.ts';
import { type Answer, type ProposedRule, proposeRules } from './propose.ts';
import { RuleSet } from './rule-set.ts';

const detector = parseDetector(
  `
apiVersion: flowline/v1
kind: Detector
metadata: { name: checkout }
spec:
  source: { kafka: { topic: orders }, time: { field: ts, unit: ms }, key: [shop] }
  history: { query: select 1 }
  features: [{ name: latency_ms, type: positive }, { name: "in", type: real }, { name: channel, type: categorical }]
  training: { data: clean }
  decision: { control: { alpha: 0.001 } }
`,
  'detector.yaml',
);

const answer = (changes: Partial<Answer> = {}): Answer => ({
  ...{ detector: 'checkout', verdict: 'expected', entity: 'berlin', feature: 'latency_ms', direction: 'high' },
  surpriseBits: 14,
  ...changes,
});
const times = (count: number, changes: Partial<Answer> = {}) => Array.from({ length: count }, () => answer(changes));

/** An anomaly of latency. */
function anomaly(changes: { bits?: number; value?: number; entity?: string } = {}): Anomaly {
  const { bits = 14, value = 900, entity = 'berlin' } = changes;
  const alert: Anomaly['alert'] = {
    ...{ alertId: 'a', detector: 'checkout', reason: 'low_density', summary: '', explanation: 'complete' },
    score: { pValue: 2 ** -bits, pMethod: 'tail', alpha: 0.001, surpriseBits: bits, logDensityNats: -9 },
    observed: { latency_ms: value, in: 1, channel: 'web' },
    expected: { latency_ms: { median: 100, p05: 50, p95: 150 }, in: { median: 1, p05: 0, p95: 2 } },
    contributions: [{ feature: 'latency_ms', bits, direction: value > 100 ? 'high' : 'low' }],
    ...{ nearestNormal: null, model: { version: 1, family: 'f', trainedRows: 1 } },
    event: { topic: 't', partition: 0, offset: 0, id: 'e', time: '2026-11-27T02:30:00.000Z', entity },
  };
  return { row: 0, reason: 'low_density', alert };
}

/** The rule that suppresses an anomaly once the proposals are applied; null for none. */
function suppressedBy(proposals: readonly ProposedRule[], found: Anomaly): string | null {
  const rules = proposals.map(({ name, spec }) => ({ name, version: 1, spec }));
  const set = new RuleSet(detector, { rules, calendars: [] }, ({ message }) => {
    throw new Error(message);
  });
  return set.applyTo(found).verdict?.suppressedBy ?? null;
}

describe('proposeRules', () => {
  it('proposes nothing for two answers, for other verdicts, or for unexplained anomalies', () => {
    expect(proposeRules(times(2))).toEqual([]);
    expect(proposeRules([...times(2), answer({ verdict: 'false_alarm' }), answer({ verdict: 'new_normal' })])).toEqual(
      [],
    );
    expect(proposeRules(times(3, { feature: null, direction: null }))).toEqual([]);
    expect(proposeRules([...times(2), answer({ direction: 'low' })])).toEqual([]);
    expect(proposeRules([...times(2), answer({ detector: 'search' })])).toEqual([]);
  });

  it('suppresses what was expected three times, and neither the other direction nor what is more surprising', () => {
    const proposals = proposeRules([...times(2), answer({ surpriseBits: 15.21 })]);
    expect(proposals).toMatchObject([{ answers: 3, spec: { detectors: ['checkout'], entities: ['berlin'] } }]);
    const [{ name }] = proposals as [ProposedRule];
    expect(suppressedBy(proposals, anomaly({ bits: 15.2 }))).toBe(name);
    expect(suppressedBy(proposals, anomaly({ bits: 15.5 }))).toBeNull();
    expect(suppressedBy(proposals, anomaly({ value: 2 }))).toBeNull();
    expect(suppressedBy(proposals, anomaly({ entity: 'paris' }))).toBeNull();
  });

  it('is about all entities if three of them, or events without one, were expected', () => {
    const entities = ['berlin', 'paris', 'rome'].map((entity) => answer({ entity }));
    expect(suppressedBy(proposeRules(entities), anomaly({ entity: 'oslo' }))).not.toBeNull();
    expect(proposeRules(times(3, { entity: null }))[0]?.spec.entities).toBeUndefined();
  });

  it('proposes nothing that would hide a confirmed anomaly', () => {
    expect(proposeRules([...times(3), answer({ verdict: 'confirmed', surpriseBits: 13 })])).toEqual([]);
    expect(proposeRules([...times(3), answer({ verdict: 'confirmed', surpriseBits: 30 })])).toHaveLength(1);
    expect(proposeRules([...times(3), answer({ verdict: 'confirmed', entity: 'rome' })])).toHaveLength(1);
  });

  it.each(['latency_ms', 'in', 'channel'])('proposes a rule on %s that can be applied as it is', (feature) => {
    const direction = feature === 'channel' ? 'unlikely' : 'low';
    const [{ name, spec }] = proposeRules(times(3, { feature, direction })) as [ProposedRule];
    const text = JSON.stringify({ apiVersion: 'flowline/v1', kind: 'Rule', metadata: { name }, spec });
    expect(parseDocuments(text, 'rule.yaml')).toMatchObject([{ kind: 'Rule', name, spec }]);
    const findings: string[] = [];
    checkRule(name, spec, { detectors: [detector], calendars: [] }, (_path, finding) => findings.push(finding));
    expect(findings).toEqual([]);
  });
});
