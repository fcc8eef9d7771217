import { type FlowlineDocument, parseDocuments } from '@flowline/config';
import { describe, expect, it } from '@jest/globals';

import { checkCalendar, checkRule, type KnownNames } from './check.ts';

const features = [
  { name: 'latency_ms', type: 'positive' },
  { name: 'method', type: 'categorical' },
];
const known = {
  detectors: [{ name: 'checkout', features, source: { key: ['shop'] } }],
  calendars: ['nights'],
} as unknown as KnownNames;

const rule = (when: string, more = '') => `
apiVersion: flowline/v1
kind: Rule
metadata: { name: r }
spec: { when: '${when}', then: { suppress: true }${more} }
`;
const calendar = (events: string) => `
apiVersion: flowline/v1
kind: Calendar
metadata: { name: c }
spec: { timezone: UTC, ${events} }
`;

function finding(text: string, names: KnownNames | null = known): string | null {
  const [document] = parseDocuments(text, 'rules.yaml') as [FlowlineDocument];
  if (document.kind === 'Detector') return null;
  const error = document.invalid((report) => {
    if (document.kind === 'Rule') checkRule(document.name, document.spec, names, report);
    if (document.kind === 'Calendar') checkCalendar(document.spec, names, report);
  });
  return error === null ? null : error.message.split('\n').slice(1).join(' ').trim();
}

describe('the check of rules and calendars', () => {
  it.each([
    ['x.latency_ms > 2.0 && method == "a"', 'spec.when (line 5): Unknown variable: method — correct'],
    ['x.latency_m > 2.0', 'spec.when (line 5): there is no feature "latency_m" — did you mean "latency_ms"?'],
    ['has(e.latencyms)', 'spec.when (line 5): there is no feature "latencyms" — did you mean "latency_ms"?'],
    ['calendar.night', 'spec.when (line 5): there is no calendar "night" — did you mean "nights"?'],
    ['entity.shp == "a"', 'spec.when (line 5): there is no key field "shp" — did you mean "shop"?'],
    ['x.latency_ms > ', 'spec.when (line 5): Unexpected token: EOF — correct'],
    ['bits', 'spec.when (line 5): it is of type double, not bool — correct'],
  ])('%s', (when, expected) => {
    expect(finding(rule(when))).toContain(expected);
  });

  it('finds wrong types if the rule names its detectors', () => {
    expect(finding(rule('x.method > 2.0'))).toBeNull();
    expect(finding(rule('x.method > 2.0', ', detectors: [checkout]'))).toContain('no such overload: string > double');
    expect(finding(rule('x.method == "a"', ', detectors: [checkout], features: [method]'))).toBeNull();
    expect(finding(rule('true', ', detectors: [checkuot]'))).toContain(
      'spec.detectors[0] (line 5): there is no detector "checkuot" — did you mean "checkout"?',
    );
    expect(finding(rule('true', ', features: [latency]'))).toContain('there is no feature "latency"');
  });

  it('without a database, knows no names', () => {
    expect(finding(rule('x.latency > 2.0', ', detectors: [any]'), null)).toBeNull();
    expect(finding(rule('x.latency >'), null)).toContain('Unexpected token');
  });

  it('reads the events of a calendar', () => {
    expect(finding(calendar('events: [{ start: 2026-01-01, duration: 1h, rrule: FREQ=NEVER }]'))).toMatch(
      /^spec\.events \(line 5\): .*FREQ.* — correct the calendar$/,
    );
    expect(finding(calendar('ics: nothing'))).toMatch(/^spec\.ics \(line 5\): invalid line/);
    expect(finding(calendar('events: [{ start: 2026-01-01, duration: 1h }]'))).toBeNull();
  });
});
