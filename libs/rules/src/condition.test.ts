import { describe, expect, it } from '@jest/globals';

import { compileCondition, type ConditionValues } from './condition.ts';

const features = { latency_ms: 'double', 'a-b': 'double', method: 'string', ok: 'bool' } as const;
const values: ConditionValues = {
  ...{ x: { latency_ms: 900, method: 'GET', ok: true }, e: { latency_ms: { median: 100, p05: 20, p95: 400 } } },
  ...{ bits: 14, pValue: 2 ** -14, entity: { host: 'db-1' }, severity: 'warning', feature: 'latency_ms' },
  ...{
    time: new Date('2026-11-27T02:30:00Z'),
    detector: 'checkout',
    calendar: { nights: true, 'black-friday': false },
  },
};
const holds = (text: string) => compileCondition(text, { features }).holds(values);

describe('a condition', () => {
  it.each([
    ['x.latency_ms > 2.0 * e.latency_ms.p95', true],
    ['x.latency_ms > 900', false],
    ['x.method == "GET" && x.ok', true],
    ['entity.host.startsWith("db-") && feature in ["latency_ms", "a-b"]', true],
    ['calendar.nights && !calendar["black-friday"]', true],
    ['time.getHours("Europe/Paris") == 3', true],
    ['severity == "warning" && bits >= 13.3 && pValue < 0.001', true],
    ['has(x["a-b"]) || !has(x.latency_ms)', false],
  ])('%s is %s', (text, expected) => {
    if (text.includes('has(x[')) expect(() => holds(text)).toThrow();
    else expect(holds(text)).toBe(expected);
  });

  it.each([
    ['x.latency_ms >', /Unexpected token/],
    ['x.latency_ms > "slow"', /no such overload: double > string/],
    ['x.latencyms > 1.0', /No such key: latencyms/],
    ['x.latency_ms', /type double, not bool/],
    ['hour > 1', /Unknown variable: hour/],
    ['time.getHours("Europe/Pariss") < 6', /"Europe\/Pariss" is not a time zone/],
    ['x.method.matches("^(a+)+$")', /matches\(\) is not allowed/],
    ['[1, 2].all(a, [1, 2].exists(b, a == b))', /\(\) is not allowed/],
    [Array.from({ length: 300 }, () => 'bits > 1.0').join(' || '), /500|[Ee]xceed|limit/],
  ])('%s is refused', (text, message) => {
    expect(() => compileCondition(text, { features })).toThrow(message);
  });

  it('that meets a missing value is an error, unless it asks first', () => {
    const missing = { ...values, x: {} };
    expect(() => compileCondition('x.latency_ms > 1.0', { features }).holds(missing)).toThrow(
      'No such key: latency_ms',
    );
    expect(compileCondition('has(x.latency_ms) && x.latency_ms > 1.0', { features }).holds(missing)).toBe(false);
  });

  it('takes any name for a name', () => {
    const named = (value: unknown) => JSON.parse(`{"constructor": ${JSON.stringify(value)}, "__proto__": 1}`) as never;
    const odd = { ...values, x: named(900), entity: named('a'), calendar: named(true), e: named({ p05: 20 }) };
    const condition =
      'x.constructor > 1.0 && entity.constructor == "a" && calendar["constructor"] && e["constructor"]["p05"] > 1.0';
    expect(compileCondition(condition, { features: null }).holds(odd)).toBe(true);
    const without = compileCondition('calendar.constructor', { features: null });
    expect(() => without.holds(values)).toThrow('No such key');
  });

  it('tells the names that it uses, and whether it waits for an explanation', () => {
    const condition = compileCondition('has(x.latency_ms) && calendar["nights"]', { features: null });
    expect(condition.accesses).toEqual([
      { variable: 'x', name: 'latency_ms' },
      { variable: 'calendar', name: 'nights' },
    ]);
    expect(condition.needsExplanation).toBe(false);
    expect(compileCondition('feature == "a"', { features: null }).needsExplanation).toBe(true);
    expect(compileCondition('x.a < e.a.p05', { features: null }).needsExplanation).toBe(true);
  });
});
