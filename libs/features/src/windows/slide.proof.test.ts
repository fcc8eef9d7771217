import type { FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createRecordReader } from '../record-reader.ts';
import { referenceSum } from '../testing/exact-reference.ts';
import { EntityWindows } from './entity-windows.ts';
import { LATE_EVENTS } from './series.ts';

const LONG_MS = 200;
const EVENTS = 40;

const feature = (name: string, statistic: 'mean' | 'min' | 'max', over: string | number): FeatureSpec => ({
  ...{ name, type: 'real', from: { rolling: { of: 'x', statistic, over } }, role: 'score' },
  ...{ nullable: true, maxLevels: 64, period: null },
});
const schema = (['mean', 'min', 'max'] as const).flatMap((statistic) => [
  feature(`${statistic} of ${LONG_MS} ms`, statistic, `${LONG_MS}ms`),
  feature(`${statistic} of ${EVENTS}`, statistic, EVENTS),
]);
const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
const reader = createRecordReader(schema, {});
const open = (): EntityWindows => new EntityWindows({ schema, lookups: {}, entity });

interface Event {
  readonly t: number;
  readonly x: number;
}

/** Values of the windows before each event; after every `restart`-th, from a snapshot. */
function slid(events: readonly Event[], restart: number): (number | null)[][] {
  let windows = open();
  return events.map(({ t, x }, offset) => {
    const { table } = reader.read([{ id: 'a', t, x }], windows.batch([offset], [t]));
    if (offset % restart === restart - 1) {
      const next = open();
      next.restore(windows.snapshot());
      windows = next;
    }
    return [...table.numeric].map((value) => (Number.isNaN(value) ? null : value));
  });
}

/** The same values, each computed from the whole past. */
function computed(events: readonly Event[]): (number | null)[][] {
  const past: Event[] = [];
  return events.map((now) => {
    const until = past.filter(({ t }) => t <= now.t);
    const windows = [until.filter(({ t }) => t > now.t - LONG_MS), until.slice(-EVENTS)];
    const lists = windows.map((window) => window.map(({ x }) => x));
    const of = (statistic: (values: readonly number[]) => number) =>
      lists.map((values) => (values.length === 0 ? null : statistic(values)));
    past.splice(until.length, 0, now);
    while (past.length > EVENTS + LATE_EVENTS && past[0]!.t <= now.t - LONG_MS) past.shift();
    if (past.length > 1000) past.shift();
    return [
      ...of((values) => referenceSum(values) / values.length),
      ...of((values) => Math.min(...values) + 0),
      ...of((values) => Math.max(...values) + 0),
    ];
  });
}

const x = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(-0, 1e16, 1e-16, 5e-324),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.nat(4) },
  { weight: 1, arbitrary: fc.integer({ min: -60, max: 300 }) },
);

describe('statistics that slide', () => {
  it('are those of the whole window to the last bit, with late events, gaps and restarts', () => {
    const steps$ = fc.array(fc.record({ step, x }), { minLength: 60, maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(steps$, fc.integer({ min: 1, max: 150 }), (steps, restart) => {
        let t = 0;
        const events = steps.map((one) => ({ t: (t += one.step), x: one.x }));
        expect(slid(events, restart)).toEqual(computed(events));
      }),
      { numRuns: 25 },
    );
  });

  it('are those of the last 1,000 events where more are within', () => {
    const events = Array.from({ length: 1_300 }, (_, i) => ({ t: i / 10, x: Math.sin(i) * 10 ** (i % 7) }));
    expect(slid(events, 500)).toEqual(computed(events));
  });

  it('have a mean of numbers whose sum could overflow, the same after a restart', () => {
    const events = Array.from({ length: 60 }, (_, i) => ({ t: i, x: i === 30 ? 1.5e308 : i === 31 ? -1.5e308 : i }));
    const means = slid(events, 1_000).map(([mean]) => mean);
    expect(slid(events, 1).map(([mean]) => mean)).toEqual(means);
    expect(means.slice(0, 31)).toEqual(
      computed(events)
        .slice(0, 31)
        .map(([mean]) => mean),
    );
  });
});
