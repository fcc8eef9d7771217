import type { EventTimeSpec, Expression, FeatureSpec, WindowPiece } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createRecordReader } from '../record-reader.ts';
import { referenceSum } from '../testing/exact-reference.ts';
import { EntityWindows } from './entity-windows.ts';

const feature = (name: string, from: Expression, nullable = true): FeatureSpec => ({
  name,
  type: 'real',
  from,
  role: 'score',
  nullable,
  maxLevels: 64,
  period: null,
});

const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;

interface Event {
  readonly id: string;
  readonly t: number;
  readonly x: number | null;
}

/**
 * Reads events in batches that end at the given positions, and restores the state from a snapshot
 * between batches.
 */
function valuesOf(
  schema: readonly FeatureSpec[],
  events: readonly Event[],
  ends: readonly number[] = [],
  maxEntities = 100,
  seenFromMs: number | null = -Infinity,
): (number | null)[][] {
  const reader = createRecordReader(schema, {});
  const options = { schema, lookups: {}, entity, maxEntities, seenFromMs };
  let windows = new EntityWindows(options);
  const rows: (number | null)[][] = [];
  let start = 0;
  for (const end of [...ends, events.length]) {
    const batch = events.slice(start, end);
    const offsets = batch.map((_, i) => start + i);
    const { table } = reader.read(
      batch.map((event) => ({ ...event })),
      windows.batch(
        offsets,
        batch.map(({ t }) => t),
      ),
    );
    for (let row = 0; row < table.size; row++) {
      const own = table.numeric.subarray(row * table.numericWidth, (row + 1) * table.numericWidth);
      rows.push([...own].map((value) => (Number.isNaN(value) ? null : value)));
    }
    const next = new EntityWindows(options);
    expect(next.restore(windows.snapshot())).toBe(true);
    windows = next;
    start = end;
  }
  return rows;
}

const event = (id: string, t: number, x: number | null): Event => ({ id, t, x });

describe('windows of an entity', () => {
  it('see the events before, of the same entity alone', () => {
    const schema = [
      feature('x', 'x'),
      feature('previous', { lag: { of: 'x' } }),
      feature('two before', { lag: { of: 'x', events: 2 } }),
      feature('change', { difference: ['x', { lag: { of: 'x' } }] }),
      feature('mean', { rolling: { of: 'x', statistic: 'mean', over: 2 } }),
      feature('least', { rolling: { of: 'x', statistic: 'min', over: 10 } }),
      feature('most', { rolling: { of: 'x', statistic: 'max', over: 10 } }),
      feature('count', { rolling: { statistic: 'count', over: 2 } }),
    ];
    const events = [event('a', 0, 5), event('b', 1, 100), event('a', 2, 3), event('a', 3, 10), event('b', 4, 50)];
    expect(valuesOf(schema, events)).toEqual([
      [5, null, null, null, null, null, null, 0],
      [100, null, null, null, null, null, null, 0],
      [3, 5, null, -2, 5, 5, 5, 1],
      [10, 3, 5, 7, 4, 3, 5, 2],
      [50, 100, null, -50, 100, 100, 100, 1],
    ]);
  });

  it('over a duration end at the time of the event, and begin just after its beginning', () => {
    const schema = [
      feature('mean', { rolling: { of: 'x', statistic: 'mean', over: '10ms' } }),
      feature('count', { rolling: { statistic: 'count', over: '10ms' } }),
    ];
    const events = [event('a', 0, 1), event('a', 9, 3), event('a', 10, 5), event('a', 30, 7)];
    expect(valuesOf(schema, events)).toEqual([
      [null, 0],
      [1, 1],
      [3, 1],
      [null, 0],
    ]);
  });

  it('take a late event in where it belongs, as far as they are still open', () => {
    const schema = [
      feature('previous', { lag: { of: 'x' } }),
      feature('count', { rolling: { statistic: 'count', over: '10ms' } }),
    ];
    // The event of time 4 is late: it sees the events before it, and the next event sees it. The
    // event of time 1 is too late for 15.
    const events = [
      event('a', 0, 1),
      event('a', 8, 2),
      event('a', 4, 3),
      event('a', 9, 4),
      event('a', 1, 5),
      event('a', 15, 6),
    ];
    expect(valuesOf(schema, events)).toEqual([
      [null, 0],
      [1, 1],
      [1, 1],
      [2, 3],
      [1, 1],
      [4, 2],
    ]);
  });

  it('leave out what is missing, and forget nothing for it', () => {
    const schema = [
      feature('previous', { lag: { of: 'x' } }),
      feature('events', { rolling: { statistic: 'count', over: 5 } }),
    ];
    expect(valuesOf(schema, [event('a', 0, 1), event('a', 1, null), event('a', 2, 3)])).toEqual([
      [null, 0],
      [1, 1],
      [1, 2],
    ]);
  });

  it('do not see a record that was refused', () => {
    const schema = [feature('x', 'x', false), feature('events', { rolling: { statistic: 'count', over: 5 } })];
    expect(valuesOf(schema, [event('a', 0, null), event('a', 1, 2), event('a', 2, 3)])).toEqual([
      [2, 0],
      [3, 1],
    ]);
  });

  it('of a stream that begins anywhere have a value once their whole length has been seen, and the same after a restart', () => {
    const schema = [
      feature('hour', { rolling: { statistic: 'count', over: '1h' } }),
      feature('mean', { rolling: { of: 'x', statistic: 'mean', over: '1h' } }),
      feature('two', { rolling: { of: 'x', statistic: 'max', over: 2 } }),
      feature('lag', { lag: { of: 'x' } }),
    ];
    const minutes = [0, 25, 50, 75, 100, 125, 150, 175];
    const events = minutes.map((minute) => event('a', minute * 60_000, minute));
    // The windows begin at the upper median of the times before: none, 0, 25, 25, 50, 50, 75, 75
    // minutes.
    const expected = [
      [null, null, null, null],
      [null, null, null, 0],
      [null, null, 25, 25],
      [null, null, 50, 50],
      [null, null, 75, 75],
      [2, 87.5, 100, 100],
      [2, 112.5, 125, 125],
      [2, 137.5, 150, 150],
    ];
    expect(valuesOf(schema, events, [], 100, null)).toEqual(expected);
    expect(valuesOf(schema, events, [1, 2, 3, 4, 5, 6, 7], 100, null)).toEqual(expected);
    // An entity that appears an hour later had no events before: it is new.
    expect(valuesOf(schema, [...events, event('b', 176 * 60_000, 1)], [4], 100, null).at(-1)).toEqual([
      0,
      null,
      null,
      null,
    ]);
    const later = [...events, event('b', 176 * 60_000, 7), event('b', 177 * 60_000, 8)];
    expect(valuesOf(schema, later, [], 100, null).at(-1)).toEqual([1, 7, 7, 7]);
  });

  it('of a stream that begins at a known time have a value once they end their length after it', () => {
    const schema = [feature('count', { rolling: { statistic: 'count', over: '10ms' } })];
    const events = [100, 105, 110, 111].map((t) => event('a', t, t));
    expect(valuesOf(schema, events, [2], 100, 100)).toEqual([[null], [null], [1], [2]]);
  });

  it('begin where most events are, whatever the time of a few', () => {
    const schema = [feature('count', { rolling: { statistic: 'count', over: '10ms' } })];
    const events = [1e12, 0, 1000, 1001, 1002, 1003, 1020].map((t) => event('a', t, t));
    expect(valuesOf(schema, events, [], 100, null).map(([count]) => count)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
      0,
    ]);
  });

  it('of a feature that was not nullable when its model was trained count from where they began', () => {
    const count: Expression = { rolling: { statistic: 'count', over: '1h' } };
    expect(valuesOf([feature('count', count, false)], [event('a', 0, 1), event('a', 1, 1)], [], 100, null)).toEqual([
      [0],
      [1],
    ]);
  });

  it('of a stream in the order of its times say what is true, or nothing, wherever they begin and whatever they forget', () => {
    const schema = [
      feature('lag', { lag: { of: 'x', events: 2 } }),
      feature('mean', { rolling: { of: 'x', statistic: 'mean', over: 3 } }),
      feature('max', { rolling: { of: 'x', statistic: 'max', over: '20ms' } }),
      feature('count', { rolling: { of: 'x', statistic: 'count', over: '7ms' } }),
    ];
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      step: fc.nat(5),
      x: fc.integer({ min: -9, max: 9 }),
    });
    const log$ = fc.array(step, { minLength: 10, maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(log$, fc.nat(20), fc.integer({ min: 2, max: 4 }), fc.nat(150), (steps, start, maxEntities, cut) => {
        let t = 0;
        const events = steps.map(({ id, step: after, x }) => event(id, (t += after), x));
        const truth = valuesOf(schema, events).slice(start);
        const cuts = cut < events.length - start ? [cut] : [];
        const found = valuesOf(schema, events.slice(start), cuts, maxEntities, start === 0 ? -Infinity : null);
        expect(found.map((row, i) => row.map((value, j) => value ?? truth[i]?.[j]))).toEqual(truth);
      }),
      { numRuns: 100 },
    );
  });

  it('recover from one event of a time far ahead', () => {
    const schema = [feature('count', { rolling: { statistic: 'count', over: '10ms' } })];
    const events = [1, 2, 1e12, 3, 4, 5].map((t) => event('a', t, 1));
    expect(valuesOf(schema, events)).toEqual([[0], [1], [0], [2], [3], [4]]);
  });

  it('forget the entity that was silent longest when there are too many', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const events = ['a', 'b', 'a', 'c', 'b', 'a'].map((id, t) => event(id, t, t));
    expect(valuesOf(schema, events, [2, 3], 2)).toEqual([[null], [null], [0], [null], [null], [null]]);
  });

  it('forget the entity that was silent longest when there is too much to remember, and the same after a restart', () => {
    const schema = [feature('count', { rolling: { of: 'x', statistic: 'count', over: '1d' } })];
    const options = { schema, lookups: {}, entity, maxEvents: 4 };
    const reader = createRecordReader(schema, {});
    let windows = new EntityWindows(options);
    const counts = ['a', 'b', 'b', 'a', 'c', 'b'].map((id, offset) => {
      const { table } = reader.read([{ id, t: offset, x: 1 }], windows.batch([offset], [offset]));
      expect(windows.events).toBeLessThanOrEqual(4);
      const restored = new EntityWindows(options);
      restored.restore(windows.snapshot());
      windows = restored;
      return table.numeric[0];
    });
    // The last event is of b, which was forgotten: its events within the day are no longer known.
    expect(counts).toEqual([0, 0, 1, 1, 0, NaN]);
    expect(windows.size).toBe(3);
  });

  it('are others where the values of their past came by another lookup table, or another time', () => {
    const schema = [feature('before', { lag: { of: { lookup: { table: 'rates', key: 'id', value: 'rate' } } } })];
    const idWith = (rate: number, time: EventTimeSpec = entity.time) =>
      new EntityWindows({
        schema,
        lookups: { rates: { key: 'id', rows: { a: { rate } } }, unused: { key: 'id', rows: {} } },
        entity: { ...entity, time },
      }).id;
    expect(idWith(1)).toBe(idWith(1));
    expect(idWith(2)).not.toBe(idWith(1));
    expect(idWith(1, { field: 't', unit: 's' })).not.toBe(idWith(1));
  });

  it('hold what a lag needs and a few events more, which late ones find', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity });
    const times = [0, 10, 20, 30, 40, 50, 45, 25, 15];
    const { table } = createRecordReader(schema, {}).read(
      times.map((t) => ({ id: 'a', t, x: t })),
      windows.batch([...times.keys()], times),
    );
    expect([...table.numeric]).toEqual([NaN, 0, 10, 20, 30, 40, 40, NaN, NaN]);
    expect(windows.events).toBe(4);
  });

  it('hold a bounded number of events, however long they are', () => {
    const schema = [feature('count', { rolling: { statistic: 'count', over: '1d' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity });
    const times = Float64Array.from({ length: 3000 }, (_, i) => i);
    const records = Array.from(times, (t) => ({ id: 'a', t, x: 1 }));
    const { table } = createRecordReader(schema, {}).read(records, windows.batch(times, times));
    expect(windows.events).toBe(1000);
    expect(table.numeric.at(-1)).toBe(1000);
  });

  it('see an event once, however often it is delivered', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity });
    const reader = createRecordReader(schema, {});
    const read = (offset: number, x: number) =>
      reader.read([{ id: 'a', t: offset, x }], windows.batch([offset], [offset])).table.numeric[0];
    read(0, 7);
    read(1, 8);
    read(0, 7);
    expect(windows.nextOffset).toBe(2);
    expect(read(2, 9)).toBe(8);
  });

  it('tell the entities that are new', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity: { ...entity, key: ['id', 't'] } });
    const records = [event('a', 0, 1), event('a', 0, 2), event('b', 5, 3)];
    const { entities } = createRecordReader(schema, {}).read(
      records.map((record) => ({ ...record })),
      windows.batch([0, 1, 2], [0, 0, 5]),
    );
    expect(entities).toEqual(['["a","0"]', '["a","0"]', '["b","5"]']);
    expect(windows.takeNewEntities()).toEqual(['["a","0"]', '["b","5"]']);
    expect(windows.takeNewEntities()).toEqual([]);
  });

  it('make a record without a name of its entity a fault', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity });
    const { faults } = createRecordReader(schema, {}).read(
      [{ t: 0 }, { id: null, t: 0 }, { id: { a: 1 }, t: 0 }, { id: 'a\0', t: 0 }, 5],
      windows.batch([0, 1, 2, 3, 4], [0, 0, 0, 0, 0]),
    );
    expect(faults.map(({ reason }) => reason)).toEqual([
      'missing_field',
      'missing_field',
      'wrong_type',
      'wrong_type',
      'not_an_object',
    ]);
  });

  it('are the same however the stream is cut and wherever the process was killed, and what an exhaustive search finds', () => {
    const schema = [
      feature('lag', { lag: { of: 'x', events: 2 } }),
      feature('mean', { rolling: { of: 'x', statistic: 'mean', over: 3 } }),
      feature('max', { rolling: { of: 'x', statistic: 'max', over: '20ms' } }),
      feature('count', { rolling: { of: 'x', statistic: 'count', over: '7ms' } }),
    ];
    const arbitrary = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b'),
        step: fc.integer({ min: -12, max: 15 }),
        x: fc.option(fc.double({ min: -9, max: 9, noNaN: true }), { freq: 8 }),
      }),
      { maxLength: 150 },
    );
    fc.assert(
      fc.property(arbitrary, fc.array(fc.nat(150), { maxLength: 5 }), (steps, cuts) => {
        let t = 0;
        const events = steps.map(({ id, step, x }) => event(id, (t += step), x));
        const ends = [...new Set(cuts)].filter((cut) => cut < events.length).sort((a, b) => a - b);
        const found = valuesOf(schema, events, ends);
        expect(found).toEqual(valuesOf(schema, events));
        expect(found).toEqual(events.map((_, i) => searched(events, i)));
      }),
      { numRuns: 60 },
    );
  });

  it('refuse a state that is damaged, or of other windows', () => {
    const schema = [feature('previous', { lag: { of: 'x' } })];
    const windows = new EntityWindows({ schema, lookups: {}, entity });
    createRecordReader(schema, {}).read([{ id: 'a', t: 0, x: 1 }], windows.batch([0], [0]));
    const snapshot = windows.snapshot();
    const [{ bytes, nextOffset }] = snapshot.pieces as [WindowPiece];
    for (const length of [0, 3, 10, bytes.length - 1]) {
      const damaged = { ...snapshot, pieces: [{ nextOffset, bytes: bytes.slice(0, length) }] };
      expect(() => new EntityWindows({ schema, lookups: {}, entity }).restore(damaged)).toThrow(
        expect.objectContaining({ code: 'FLOWLINE_WINDOWS_CORRUPTED' }),
      );
    }
    const other = [feature('previous', { lag: { of: 'x', events: 2 } })];
    expect(new EntityWindows({ schema: other, lookups: {}, entity }).restore(snapshot)).toBe(false);
    expect(new EntityWindows({ schema, lookups: {}, entity: { ...entity, key: ['t'] } }).restore(snapshot)).toBe(false);
  });

  it('are saved in slices as they are in one go, though others want their memory meanwhile', () => {
    const schema = [feature('count', { rolling: { statistic: 'count', over: 5 } })];
    const events$ = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(events$, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (events, forgets) => {
        const windows = new EntityWindows({ schema, lookups: {}, entity });
        // One name makes up a slice of work.
        const records = events.map(([id, t]) => ({ id: String(id).repeat(45_000), t, x: 1 }));
        const offsets = records.map((_, i) => i);
        createRecordReader(schema, {}).read(
          records,
          windows.batch(
            offsets,
            records.map(({ t }) => t),
          ),
        );
        const whole = windows.snapshot();
        const steps = windows.snapshotSteps();
        let taken = 0;
        let step = steps.next();
        for (; step.done !== true; step = steps.next()) if (forgets[taken++] === true) windows.forgetSilent();
        expect(taken).toBeGreaterThanOrEqual(new Set(events.map(([id]) => id)).size);
        expect(step.value.nextOffset).toBe(whole.nextOffset);
        const [saved, all] = [step.value, whole].map(({ pieces }) => Buffer.concat(pieces.map(({ bytes }) => bytes)));
        expect(Buffer.compare(saved!, all!)).toBe(0);
        const { size } = windows;
        windows.forgetSilent();
        expect(windows.size).toBe(size - 1);
      }),
      { numRuns: 15 },
    );
  });

  it('must make sense', () => {
    const make = (from: Expression) => () => new EntityWindows({ schema: [feature('f', from)], lookups: {}, entity });
    const invalid = expect.objectContaining({ code: 'FLOWLINE_FEATURES_INVALID', where: 'features.f' });
    expect(make({ lag: { of: { lag: { of: 'x' } } } })).toThrow(invalid);
    expect(make({ rolling: { statistic: 'mean', over: 5 } })).toThrow(invalid);
    expect(make({ rolling: { of: 'x', statistic: 'mean', over: '0s' } })).toThrow(invalid);
  });
});

/** Window values of event `i` of the property's schema, by replaying all events before it. */
function searched(events: readonly Event[], i: number): (number | null)[] {
  const { id, t } = events[i]!;
  const longest = { events: 32, ms: 20 };
  let past: { t: number; x: number }[] = [];
  for (const before of events.slice(0, i)) {
    if (before.id !== id || before.x === null) continue;
    past = [
      ...past.filter((one) => one.t <= before.t),
      { t: before.t, x: before.x },
      ...past.filter((one) => one.t > before.t),
    ];
    past = past.filter((one, at, { length }) => length - at <= longest.events || one.t > before.t - longest.ms);
  }
  const until = past.filter((one) => one.t <= t);
  const values = until.map(({ x }) => x);
  const within = (ms: number) => until.filter((one) => one.t > t - ms).map(({ x }) => x);
  const mean = values.slice(-3);
  return [
    values.at(-2) ?? null,
    mean.length === 0 ? null : referenceSum(mean) / mean.length,
    within(20).length === 0 ? null : Math.max(...within(20)) + 0,
    within(7).length,
  ];
}
