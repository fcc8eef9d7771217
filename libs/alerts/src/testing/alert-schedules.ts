import fc from 'fast-check';

import type { AlertLife } from '../alert-life.ts';
import type { AlertPolicy } from '../alert-policy.ts';
import { type BatchObservation, observeBatch } from '../observe-batch.ts';
import type { Storm } from '../storm.ts';
import { stormIdOf } from '../fingerprint.ts';
import { NaiveAlerts } from './naive-alerts.ts';
import { policyOf } from './policies.ts';

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
      const alertId = `alert-${String(first + i)}`;
      if (entity === null) settle(timeMs);
      else anomalies.push({ fingerprint: entity, alertId, timeMs, bits, entity, feature: null });
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
        storms.anomaly(STORM, stormIdOf(`alert-${String(i)}`), { timeMs, bits }, () => false);
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

const schedules$ = fc.tuple(fc.array(event, { maxLength: 60 }), fc.array(attempt, { maxLength: 20 }), policies);

/**
 * Checks alerts under random schedules of anomalies, time, rolled back batches and lost answers:
 * their messages are those of the naive interpreter, none lost, none twice, in an order that makes
 * sense, and each alert counts the anomalies that name it.
 * @throws Error with the smallest counterexample.
 */
export function checkAlertSchedules({ schedules, seed }: { readonly schedules: number; readonly seed?: number }): void {
  const options = { numRuns: schedules, ...(seed === undefined ? {} : { seed }) };
  fc.assert(fc.property(schedules$, play), options);
}

const ORDER = /^opened( escalated| updated)*( resolved( reopened( escalated| updated)*)?)*$/;

function play([steps, attempts, policy]: typeof schedules$ extends fc.Arbitrary<infer T> ? T : never): void {
  const events = timed(steps);
  const { messages, next, named, lives } = process(events, attempts, policy);
  if (next !== events.length) throw new Error(`ended at ${String(next)} of ${String(events.length)}`);
  const naive = naively(events, policy);
  if (messages.join('\n') !== naive.join('\n')) {
    throw new Error(`messages:\n${messages.join('\n')}\ninstead of:\n${naive.join('\n')}`);
  }
  if (new Set(messages).size !== messages.length) throw new Error('a message is told twice');
  const told = new Map<string, string[]>();
  for (const [id = '', sequence, kind = ''] of messages.map((message) => message.split(' '))) {
    const kinds = [...(told.get(id) ?? []), kind];
    told.set(id, kinds);
    if (Number(sequence) !== kinds.length) throw new Error(`message ${String(sequence)} of ${id} comes out of order`);
  }
  for (const [id, kinds] of told) if (!ORDER.test(kinds.join(' '))) throw new Error(`${id}: ${kinds.join(' ')}`);
  for (const { alertId, count } of lives.values()) {
    if (named.filter((id) => id === alertId).length !== count) throw new Error(`${alertId} counts ${String(count)}`);
  }
}
