import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { AlertLife } from './alert-life.ts';
import type { AlertPolicy } from './alert-policy.ts';
import { type BatchObservation, observeBatch } from './observe-batch.ts';
import type { Storm } from './storm.ts';
import { NaiveAlerts } from './testing/naive-alerts.ts';
import { policyOf } from './testing/policies.ts';

const STORM = 'storm';
const entities = ['a', 'b', 'c', 'd', 'e'];

/** Steps of a stream: an anomaly, or (null) time that passes without one. */
const event = fc.record({
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 12 }) },
    { weight: 1, arbitrary: fc.integer({ min: -40, max: -1 }) },
    { weight: 1, arbitrary: fc.integer({ min: 20, max: 250 }) },
  ),
  entity: fc.option(fc.constantFrom(...entities), { nil: null, freq: 5 }),
  bits: fc.integer({ min: 8, max: 24 }),
});
/** Attempts at batches: how many events each reads, and how it ends. */
const attempt = fc.record({
  size: fc.integer({ min: 1, max: 7 }),
  end: fc.constantFrom('committed', 'committed', 'committed', 'rolled back', 'answer lost'),
});
type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

const policies = fc
  .record({
    count: fc.integer({ min: 1, max: 3 }),
    withinMs: fc.integer({ min: 0, max: 30 }),
    cooldownMs: fc.integer({ min: 0, max: 120 }),
    resolveAfterMs: fc.integer({ min: 1, max: 60 }),
    mergeGapMs: fc.integer({ min: 0, max: 60 }),
    alerts: fc.integer({ min: 1, max: 6 }),
    windowMs: fc.integer({ min: 0, max: 60 }),
  })
  .map(({ count, withinMs, alerts, windowMs, ...rest }) =>
    policyOf({ ...rest, minEvents: { count, withinMs }, storm: { alerts, windowMs } }),
  );

interface StreamEvent {
  readonly timeMs: number;
  readonly entity: string | null;
  readonly bits: number;
}

/** State of the store, which changes as a whole. */
interface Stored {
  readonly next: number;
  readonly lives: ReadonlyMap<string, AlertLife>;
  readonly storm: Storm | null;
  readonly messages: readonly string[];
  readonly named: readonly string[];
}

/** Processes events in batches that fail and repeat, as a scorer does. */
function process(events: readonly StreamEvent[], attempts: readonly Attempt[], policy: AlertPolicy): Stored {
  let stored: Stored = { next: 0, lives: new Map(), storm: null, messages: [], named: [] };
  const commit = (from: number, size: number): Stored => {
    let state = stored;
    let anomalies: BatchObservation[] = [];
    const settle = (timeMs: number | null): void => {
      const batch = observeBatch({ ...state, snoozed: new Set() }, anomalies, timeMs, policy);
      const messages = batch.messages.map(
        ({ transition: { kind, sequence, life } }) => `${life.alertId} ${String(sequence)} ${kind}`,
      );
      state = {
        ...{ next: state.next, lives: batch.lives, storm: batch.storm },
        messages: [...state.messages, ...messages],
        named: [...state.named, ...batch.alertIds],
      };
      anomalies = [];
    };
    const first = Math.max(from, stored.next); // the fence
    events.slice(first, from + size).forEach(({ timeMs, entity, bits }, i) => {
      const ids = { alertId: `alert-${String(first + i)}`, stormId: `${STORM}-${String(first + i)}` };
      if (entity === null) settle(timeMs);
      else anomalies.push({ fingerprint: entity, ...ids, timeMs, bits, entity, feature: null });
    });
    settle(null);
    return { ...state, next: Math.max(first, Math.min(from + size, events.length)) };
  };
  for (const { size, end } of [...attempts, ...events.map(() => ({ size: 5, end: 'committed' }))]) {
    const from = stored.next;
    const after = commit(from, size);
    if (end !== 'rolled back') stored = after;
    // The answer is lost: the same batch, longer by now, is committed once more.
    if (end === 'answer lost') stored = commit(from, size + 2);
  }
  return stored;
}

/** The same stream, event by event, by the naive interpreter. */
function naively(events: readonly StreamEvent[], policy: AlertPolicy): readonly string[] {
  const alerts = new NaiveAlerts(policy);
  const messages: string[] = [];
  const { alerts: most, windowMs } = policy.storm;
  const storms = new NaiveAlerts({ ...policy, minEvents: { count: most + 1, withinMs: windowMs } });
  const flush = (from: NaiveAlerts): void => {
    messages.push(...from.messages.splice(0));
  };
  events.forEach(({ timeMs, entity, bits }, i) => {
    for (const name of entity === null ? alerts.names : [entity]) alerts.timeOf(name, timeMs);
    flush(alerts);
    storms.timeOf(STORM, timeMs);
    flush(storms);
    if (entity === null) return;
    alerts.anomaly(entity, `alert-${String(i)}`, { timeMs, bits }, (opened) => {
      if (opened !== '') {
        storms.anomaly(STORM, `${STORM}-${String(i)}`, { timeMs, bits }, () => false);
        flush(storms);
      }
      return storms.isOpen(STORM);
    });
    flush(alerts);
  });
  return messages;
}

function timed(steps: readonly { afterMs: number; entity: string | null; bits: number }[]): StreamEvent[] {
  let timeMs = 1_000;
  return steps.map(({ afterMs, entity, bits }) => ({ timeMs: (timeMs += afterMs), entity, bits }));
}

const schedules = fc.tuple(fc.array(event, { maxLength: 60 }), fc.array(attempt, { maxLength: 20 }), policies);

describe('alerts under 10,000 random schedules of anomalies, kills and redeliveries', () => {
  it('are those of the naive interpreter: none lost, none twice, none out of order', () => {
    fc.assert(
      fc.property(schedules, ([steps, attempts, policy]) => {
        const events = timed(steps);
        const { messages, next } = process(events, attempts, policy);
        expect(next).toBe(events.length);
        expect(messages).toEqual(naively(events, policy));
        expect(new Set(messages).size).toBe(messages.length);
      }),
      { numRuns: 10_000 },
    );
  });

  it('are told in an order that makes sense, and no more often than the cooldown lets them', () => {
    fc.assert(
      fc.property(schedules, ([steps, attempts, policy]) => {
        const { messages } = process(timed(steps), attempts, policy);
        const kinds = new Map<string, string[]>();
        for (const [id = '', sequence, kind = ''] of messages.map((message) => message.split(' '))) {
          const said = kinds.get(id) ?? [];
          kinds.set(id, [...said, kind]);
          expect(Number(sequence)).toBe(said.length + 1);
        }
        for (const said of kinds.values()) {
          expect(said.join(' ')).toMatch(
            /^opened( escalated| updated)*( resolved( reopened( escalated| updated)*)?)*$/,
          );
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it('name the alert of every anomaly, and count it there', () => {
    fc.assert(
      fc.property(schedules, ([steps, attempts, policy]) => {
        const { named, lives } = process(timed(steps), attempts, policy);
        for (const { alertId, count } of lives.values()) {
          expect(named.filter((id) => id === alertId)).toHaveLength(count);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
