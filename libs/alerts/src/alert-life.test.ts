import { describe, expect, it } from '@jest/globals';

import { type AlertLife, join, passTime, resolve, tell, type Transition } from './alert-life.ts';
import type { AlertPolicy } from './alert-policy.ts';
import { policyOf } from './testing/policies.ts';

/** Takes anomalies [time, bits] through one fingerprint, and notes the messages as `kind@time`. */
function follow(policy: AlertPolicy) {
  let life: AlertLife | null = null;
  const told: string[] = [];
  const note = (transition: Transition | null, timeMs: number): void => {
    if (transition !== null) told.push(`${transition.kind}@${String(timeMs)}`);
  };
  const pass = (timeMs: number): void => {
    if (life === null) return;
    const step = passTime(life, timeMs, policy);
    life = step.life;
    note(step.transition, timeMs);
  };
  return {
    told,
    pass,
    life: (): AlertLife => {
      if (life === null) throw new Error('there is no alert yet');
      return life;
    },
    anomaly: (timeMs: number, bits = 10): void => {
      pass(timeMs);
      const step = tell(join(life, { alertId: `alert-${String(timeMs)}`, timeMs, bits }, policy), policy);
      life = step.life;
      note(step.transition, timeMs);
    },
    resolve: (timeMs: number): void => {
      if (life === null) return;
      const step = resolve(life, timeMs);
      life = step.life;
      note(step.transition, timeMs);
    },
  };
}

describe('the life of an alert', () => {
  it('opens at the first anomaly, and is resolved once it has been quiet', () => {
    const alert = follow(policyOf());
    alert.anomaly(0);
    alert.pass(99);
    alert.pass(100);
    expect(alert.told).toEqual(['opened@0', 'resolved@100']);
    expect(alert.life()).toMatchObject({ phase: 'resolved', resolvedMs: 100, messages: 2, told: 'resolved' });
  });

  it('counts fewer anomalies than minEvents, and tells nobody', () => {
    const alert = follow(policyOf({ minEvents: { count: 3, withinMs: 10 } }));
    for (const timeMs of [0, 5, 11, 22]) alert.anomaly(timeMs);
    expect(alert.told).toEqual([]);
    expect(alert.life()).toMatchObject({ phase: 'counting', alertId: 'alert-22', count: 1 });
    alert.anomaly(28);
    alert.anomaly(32);
    expect(alert.told).toEqual(['opened@32']);
    expect(alert.life()).toMatchObject({ alertId: 'alert-22', count: 3, firstMs: 22, lastMs: 32 });
  });

  it('tells of worse anomalies at once, of milder ones never, and of counts by powers of ten', () => {
    const alert = follow(policyOf());
    for (let i = 0; i < 120; i++) alert.anomaly(i, i === 40 ? 17 : i === 50 ? 14 : 10);
    expect(alert.told).toEqual(['opened@0', 'updated@9', 'escalated@40', 'updated@99']);
    expect(alert.life()).toMatchObject({ severity: 'major', peakBits: 17, count: 120 });
  });

  it('reopens within the merge gap under the same id, and begins another after it', () => {
    const alert = follow(policyOf());
    alert.anomaly(0);
    alert.anomaly(150);
    expect(alert.life().alertId).toBe('alert-0');
    alert.anomaly(301);
    expect(alert.told).toEqual(['opened@0', 'resolved@150', 'reopened@150', 'resolved@301', 'opened@301']);
    expect(alert.life()).toMatchObject({ alertId: 'alert-301', messages: 1, count: 1 });
  });

  it('pages once per cooldown, however often the fingerprint comes back, unless it is worse', () => {
    const alert = follow(policyOf({ cooldownMs: 1_000 }));
    alert.anomaly(0);
    for (const timeMs of [120, 300, 500]) alert.anomaly(timeMs);
    expect(alert.told).toEqual(['opened@0', 'resolved@120']);
    alert.anomaly(510, 14);
    expect(alert.told.slice(2)).toEqual(['opened@510']);
    alert.pass(700);
    alert.anomaly(900);
    alert.anomaly(1_510);
    expect(alert.told.slice(3)).toEqual(['resolved@700', 'opened@1510']);
  });

  it('takes a straggler of a resolved alert for its past, unless it is worse', () => {
    const alert = follow(policyOf());
    alert.anomaly(50);
    alert.pass(200);
    alert.anomaly(40);
    expect(alert.life()).toMatchObject({ phase: 'resolved', count: 2, firstMs: 40, lastMs: 50 });
    alert.anomaly(45, 18);
    expect(alert.told).toEqual(['opened@50', 'resolved@200', 'reopened@45']);
  });

  it('is no worse than a limit of its anomalies, however surprising they are', () => {
    const policy = policyOf();
    const mild = { alertId: 'a', timeMs: 0, bits: 25, severityAtMost: 'warning' } as const;
    const opened = tell(join(null, mild, policy), policy);
    expect(opened.transition).toMatchObject({ kind: 'opened', life: { severity: 'warning', peakBits: 25 } });
    const grown = join(opened.life, { ...mild, timeMs: 1, bits: 30, severityAtMost: null }, policy);
    expect(tell(grown, policy).transition).toMatchObject({ kind: 'escalated', life: { severity: 'critical' } });
    expect(join(null, { ...mild, bits: 10 }, policy).severity).toBe('info');
  });

  it('is resolved by hand, once', () => {
    const alert = follow(policyOf());
    alert.anomaly(0);
    alert.resolve(10);
    alert.resolve(20);
    alert.pass(500);
    expect(alert.told).toEqual(['opened@0', 'resolved@10']);
  });
});

describe('pages that are held', () => {
  const policy = policyOf();
  const anomaly = (timeMs: number, bits = 10) => ({ alertId: 'a', timeMs, bits });

  it('holds openings during a storm, and tells of them with the next anomaly after it', () => {
    const held = tell(join(null, anomaly(0), policy), policy, 'openings');
    expect(held).toMatchObject({ transition: null, life: { phase: 'open', told: 'nothing' } });
    expect(tell(join(held.life, anomaly(1), policy), policy).transition).toMatchObject({ kind: 'opened', sequence: 1 });
  });

  it('tells of what was told before the storm, but not of what is snoozed', () => {
    const { life } = tell(join(null, anomaly(0), policy), policy);
    const worse = join(life, anomaly(1, 25), policy);
    expect(tell(worse, policy, 'openings').transition?.kind).toBe('escalated');
    expect(tell(worse, policy, 'everything').transition).toBeNull();
    expect(resolve(worse, 2).transition?.kind).toBe('resolved');
  });

  it('resolves silently what nobody was told of', () => {
    const { life } = tell(join(null, anomaly(0), policy), policy, 'openings');
    expect(passTime(life, 100, policy)).toMatchObject({
      transition: null,
      life: { phase: 'resolved', told: 'nothing' },
    });
  });
});
