import { describe, expect, it } from '@jest/globals';

import type { AlertLife } from './alert-life.ts';
import { stormIdOf } from './fingerprint.ts';
import { type Observed, observe } from './observe.ts';
import { passStormTime, type Storm } from './storm.ts';
import { policyOf } from './testing/policies.ts';

const policy = policyOf({ storm: { alerts: 3, windowMs: 100 }, resolveAfterMs: 200 });

/** A detector whose entities have one alert each. */
function fleet() {
  const lives = new Map<string, AlertLife>();
  const storms = new Map<string, string>();
  let storm: Storm | null = null;
  return {
    storm: () => storm,
    anomaly: (entity: string, timeMs: number, bits = 10, feature = 'speed'): string[] => {
      const alertId = `${entity}@${String(timeMs)}`;
      storms.set(stormIdOf(alertId), `storm@${String(timeMs)}`);
      const seen: Observed = observe(
        { life: lives.get(entity) ?? null, storm },
        { alertId, entity, feature, timeMs, bits },
        policy,
      );
      lives.set(entity, seen.life);
      storm = seen.storm;
      return seen.told.map(({ transition: { kind, life } }) => `${storms.get(life.alertId) ?? life.alertId} ${kind}`);
    },
  };
}

describe('a storm', () => {
  it('stands for all openings beyond its limit', () => {
    const { anomaly, storm } = fleet();
    const told = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((entity, i) => anomaly(entity, i * 10));
    expect(told).toEqual(['a@0 opened', 'b@10 opened', 'c@20 opened', 'storm@0 opened']);
    expect(storm()).toMatchObject({ life: { phase: 'open', count: 6 }, byFeature: { speed: 6 } });
  });

  it('still tells of what was told before it', () => {
    const { anomaly } = fleet();
    for (const [i, entity] of ['a', 'b', 'c', 'd'].entries()) anomaly(entity, i);
    expect(anomaly('a', 5, 30)).toEqual(['a@0 escalated']);
    expect(anomaly('d', 6, 30)).toEqual([]);
  });

  it('lists the worst ten by name, and counts by feature, of any names', () => {
    const { anomaly, storm } = fleet();
    for (let i = 0; i < 60; i++)
      anomaly(`entity-${String(i)}`, i, 10 + (i % 30), i < 2 ? '__proto__' : `f${String(i)}`);
    const { worst = [], byFeature = {} } = storm() ?? {};
    expect(worst.map(({ bits }) => bits)).toEqual([39, 39, 38, 38, 37, 37, 36, 36, 35, 35]);
    expect(Object.keys(byFeature)).toHaveLength(51);
    expect(Object.values(byFeature).reduce((sum, count) => sum + count)).toBe(60);
    expect(Object.getOwnPropertyDescriptor(byFeature, '__proto__')?.value).toBe(2);
  });

  it('is over when no alert has opened for a while; then alerts open by name again', () => {
    const { anomaly, storm } = fleet();
    for (const [i, entity] of ['a', 'b', 'c', 'd'].entries()) anomaly(entity, i);
    const before = storm();
    if (before === null) throw new Error('there is no storm');
    expect(passStormTime(before, 203, policy).transitions.map(({ kind }) => kind)).toEqual(['resolved']);
    expect(anomaly('z', 400)).toEqual(['storm@0 resolved', 'z@400 opened']);
  });

  it('lets alerts open by name while they are few', () => {
    const { anomaly } = fleet();
    const told = Array.from({ length: 20 }, (_, i) => anomaly(`entity-${String(i)}`, i * 60)).flat();
    expect(told).toHaveLength(20);
  });
});
