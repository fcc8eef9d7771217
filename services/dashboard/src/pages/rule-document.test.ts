import { describe, expect, it } from '@jest/globals';

import { newCalendar, newRule, ruleOf } from './rule-document.ts';

const anomaly = {
  ...{ detector: 'checkout', entity: 'berlin', topFeature: 'latency_ms', surpriseBits: 15.21 },
  contributions: [{ feature: 'latency_ms', bits: 15, direction: 'high' }],
} as const;

describe('a rule of an anomaly', () => {
  it('is of its detector, entity, feature and side, and reaches as far as it', () => {
    expect(ruleOf(anomaly)).toBe(`apiVersion: flowline/v1
kind: Rule
metadata:
  name: expected-latency-ms-high-berlin
spec:
  when: 'x["latency_ms"] >= e["latency_ms"].median && bits <= 15.3'
  detectors: ["checkout"]
  entities: ["berlin"]
  features: ["latency_ms"]
  then:
    suppress: true
`);
  });

  it('names what there is alone', () => {
    const text = ruleOf({ ...anomaly, entity: null, topFeature: null, surpriseBits: 15 });
    expect(text).toContain(
      'name: expected-checkout\nspec:\n  when: \'bits <= 15.0\'\n  detectors: ["checkout"]\n  then:',
    );
  });

  it('keeps names within their quotes, and has a name that the API takes', () => {
    const name = `it's "so": {a: b}\n- c #${'W'.repeat(250)}`;
    const contributions = [{ feature: name, bits: 1, direction: 'low' }];
    const lines = ruleOf({ ...anomaly, entity: name, topFeature: name, contributions }).split('\n');
    expect(lines).toHaveLength(12);
    expect(lines[5]).toBe(
      `  when: 'x[${JSON.stringify(name).replaceAll("'", "''")}] <= e[${JSON.stringify(name).replaceAll("'", "''")}].median && bits <= 15.3'`,
    );
    expect(lines[3]).toMatch(/^ {2}name: [a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/);
  });
});

describe('documents to begin with', () => {
  it('have the name that the page shows', () => {
    expect(newRule()).toContain('name: new-rule');
    expect(newCalendar('Europe/Paris', '2026-01-01')).toContain('timezone: "Europe/Paris"');
  });
});
