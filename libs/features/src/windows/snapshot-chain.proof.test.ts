import type { FeatureSpec, StoredWindows, WindowSnapshot } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { createRecordReader } from '../record-reader.ts';
import { EntityWindows } from './entity-windows.ts';

const feature = (name: string, from: FeatureSpec['from']): FeatureSpec => ({
  ...{ name, type: 'real', from, role: 'score', nullable: true, maxLevels: 64, period: null },
});
const schema = [
  feature('previous', { lag: { of: 'x', events: 2 } }),
  feature('mean', { rolling: { of: 'x', statistic: 'mean', over: 4 } }),
  feature('max', { rolling: { of: 'y', statistic: 'max', over: '20ms' } }),
  feature('count', { rolling: { statistic: 'count', over: '2h' } }),
];
const entity = { key: ['id'], time: { field: 't', unit: 'ms' } } as const;
const reader = createRecordReader(schema, {});
const open = (options: object = {}): EntityWindows => new EntityWindows({ schema, lookups: {}, entity, ...options });

function next(windows: EntityWindows): WindowSnapshot {
  const steps = windows.snapshotSteps();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** State after a snapshot, as Postgres has it. */
function stored(before: StoredWindows | null, { follows, keepFrom, ...snapshot }: WindowSnapshot): StoredWindows {
  if (follows === null) return snapshot;
  if (before?.token !== follows) throw new Error('the snapshot extends another one');
  const kept = before.pieces.filter(({ nextOffset }) => nextOffset >= keepFrom);
  return { ...snapshot, pieces: [...kept, ...snapshot.pieces] };
}

const bytesOf = ({ pieces }: StoredWindows): number => pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

describe('snapshots of windows', () => {
  it('restore every window and every bound, however often they are taken and restored', () => {
    const step$ = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      step: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -9, max: 12 }) }, fc.constant(4_000_000)),
      x: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { freq: 6 }),
      gap: fc.nat(2),
      then: fc.constantFrom('go on', 'go on', 'snapshot', 'snapshot', 'restart', 'stray'),
    });
    const limits$ = fc.record({
      maxEntities: fc.integer({ min: 2, max: 7 }),
      maxEvents: fc.integer({ min: 20, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step$, { minLength: 20, maxLength: 200, size: 'max' }), limits$, (steps, limits) => {
        const whole = open(limits);
        let windows = open(limits);
        let state = stored(null, next(windows));
        let since: (() => void)[] = [];
        let offset = 0;
        let t = 0;
        const seen: number[][] = [[], []];
        for (const { id, step, x, gap, then } of steps) {
          offset += 1 + gap;
          t += step;
          const at = offset;
          const record = { id, t, x, y: x === null ? 1 : -x };
          const look = (each: EntityWindows) =>
            reader.read([{ ...record }], each.batch([at], [record.t])).table.numeric;
          const both = (): EntityWindows[] => [windows, whole];
          both().forEach((each, i) => seen[i]?.push(...look(each)));
          since.push(() => look(windows));
          if (then === 'stray') {
            for (const each of both()) each.forget(id);
            since.push(() => windows.forget(id));
          } else if (then === 'snapshot') {
            windows.advance(offset + 1);
            state = stored(state, next(windows));
            since = [];
          } else if (then === 'restart') {
            windows = open(limits);
            expect(windows.restore(state)).toBe(true);
            since.forEach((again) => again());
          }
          both().forEach(({ size, events, bytes }, i) => seen[i]?.push(size, events, bytes));
        }
        expect(seen[0]).toEqual(seen[1]);
      }),
      { numRuns: 80 },
    );
  });

  it('hold what has changed, and in turn the rest: no more than four times the state in all', () => {
    const windows = open();
    let state = stored(null, next(windows));
    let offset = 0;
    const see = (count: number): void => {
      const offsets = Array.from({ length: count }, () => offset++);
      const records = offsets.map((at) => ({ id: `entity ${at % 3_000}`, t: at, x: at, y: at }));
      reader.read(records, windows.batch(offsets, offsets));
    };
    see(6_000);
    windows.startSnapshotsAnew();
    const whole = next(windows);
    state = stored(state, whole);
    expect(whole.follows).toBeNull();
    let largest = 0;
    for (let i = 0; i < 100; i++) {
      see(300);
      const snapshot = next(windows);
      expect(snapshot.follows).toBe(state.token);
      state = stored(state, snapshot);
      expect(bytesOf(snapshot)).toBeLessThan(80 * 300 * 1.5 + 1_000);
      largest = Math.max(largest, bytesOf(state));
    }
    expect(largest).toBeLessThan(4 * bytesOf(windows.snapshot()));
    const restored = open();
    restored.restore(state);
    expect([restored.size, restored.events]).toEqual([windows.size, windows.events]);
  });

  it('of few events hold every entity anew in time, so that their number is bounded', () => {
    const windows = open();
    reader.read(
      Array.from({ length: 500 }, (_, i) => ({ id: `entity ${i}`, t: i, x: 1, y: 1 })),
      windows.batch(
        Array.from({ length: 500 }, (_, i) => i),
        Array.from({ length: 500 }, (_, i) => i),
      ),
    );
    let state = stored(null, next(windows));
    for (let i = 500; i < 3_500; i++) {
      reader.read([{ id: 'one', t: i, x: 1, y: 1 }], windows.batch([i], [i]));
      state = stored(state, next(windows));
    }
    expect(state.pieces.length).toBeLessThan(2_100);
  });

  it('say which limits were reached since the one before', () => {
    const said: string[] = [];
    const onLimit = (limit: string): void => void said.push(limit);
    const windows = open({ maxEntities: 2, onLimit });
    const see = (ids: readonly string[], from: number): void => {
      const offsets = ids.map((_, i) => from + i);
      reader.read(
        ids.map((id, i) => ({ id, t: from + i, x: 1, y: 1 })),
        windows.batch(offsets, offsets),
      );
    };
    see(['a', 'b'], 0);
    expect(next(windows).limits).toEqual([]);
    see(['c', 'd'], 10);
    expect(next(windows).limits).toEqual(['entities']);
    expect(next(windows).limits).toEqual([]);
    see(Array<string>(1_100).fill('d'), 20);
    expect(next(windows).limits).toEqual(['events_of_entity']);
    windows.forgetSilent(); // as the shared memory asks for
    expect(next(windows).limits).toEqual(['memory']);
    expect(new Set(said)).toEqual(new Set(['entities', 'events_of_entity']));
  });
});
