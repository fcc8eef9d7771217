import { at, atOnce } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type IdBounds, IdRing } from './id-ring.ts';

/** Adds an id of two halves. */
interface Id {
  readonly high: number;
  readonly low: number;
}

/** Few ids, many of which share a slot or a half, so that probing and moving back are common. */
const id$ = fc.record({
  high: fc.integer({ min: -2, max: 2 }),
  low: fc.oneof(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 2_040, max: 2_052 })),
});
const step$ = fc.record({ id: id$, afterMs: fc.integer({ min: -30, max: 60 }) });

/** The same by a list that is searched from its end. */
class NaiveIds {
  readonly #bounds: IdBounds;
  entries: { readonly name: string; readonly timeMs: number; readonly offset: number }[] = [];

  constructor(bounds: IdBounds) {
    this.#bounds = bounds;
  }

  find({ high, low }: Id, timeMs: number): number | null {
    const found = this.entries.findLast(({ name }) => name === `${high},${low}`);
    return found !== undefined && timeMs - found.timeMs < this.#bounds.windowMs ? found.offset : null;
  }

  add({ high, low }: Id, offset: number, timeMs: number): void {
    const { windowMs, maxIds } = this.#bounds;
    for (let count = 0; count < 8 && this.entries.length > 0; count++) {
      const [first] = this.entries;
      const isOver = first !== undefined && timeMs - first.timeMs >= windowMs;
      if (isOver || this.entries.length >= maxIds) this.entries.shift();
    }
    this.entries.push({ name: `${high},${low}`, timeMs, offset });
  }
}

const found = (ring: IdRing, { high, low }: Id, timeMs: number): number | null => {
  const number = ring.find(high, low, timeMs);
  return number < 0 ? null : ring.offsetOf(number);
};

/** Adds an entry to a ring that has room for it. */
function add(ring: IdRing, { high, low }: Id, offset: number, timeMs: number): void {
  atOnce(ring.reserve(1));
  ring.add(high, low, offset, timeMs);
}

describe('IdRing', () => {
  it('finds what a plain list finds, whatever is added in whatever order of times', () => {
    const bounds$ = fc.record({
      windowMs: fc.integer({ min: 1, max: 400 }),
      maxIds: fc.constantFrom(1, 2, 5, 40, 1_024, 5_000),
    });
    fc.assert(
      fc.property(
        bounds$,
        fc.array(step$, { maxLength: 120, size: 'max' }),
        fc.nat(2 ** 40),
        (bounds, steps, first) => {
          const ring = new IdRing(bounds, first);
          const naive = new NaiveIds(bounds);
          let timeMs = 0;
          const [expected, actual]: [unknown[], unknown[]] = [[], []];
          for (const [offset, { id, afterMs }] of steps.entries()) {
            timeMs += afterMs;
            const first = naive.find(id, timeMs);
            if (first === null) naive.add(id, offset, timeMs);
            expected.push([first, naive.entries.length]);
            const foundFirst = found(ring, id, timeMs);
            if (foundFirst === null) add(ring, id, offset, timeMs);
            actual.push([foundFirst, ring.size]);
          }
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('grows and wraps around without losing an id, also between two turns of the event loop', () => {
    const maxIds = 5_000;
    const ring = new IdRing({ windowMs: 1e9, maxIds }, 2 ** 33 - 700);
    const idOf = (i: number): Id => ({ high: i, low: Math.imul(i, 0x9e3779b1) });
    const isFound = (i: number): boolean => found(ring, idOf(i), 0) === i;
    const isForgotten = (i: number): boolean => found(ring, idOf(i), 0) === null;
    const wrong: number[] = [];
    for (let i = 0; i < 30_000; i++) {
      if (i % 1_000 === 0) atOnce(ring.reserve(1_000));
      const isNew = isForgotten(i);
      ring.add(idOf(i).high, idOf(i).low, i, 0);
      const oldest = Math.max(0, i - maxIds + 1);
      if (!isNew || !isFound(oldest) || (oldest > 0 && !isForgotten(oldest - 1))) wrong.push(i);
    }
    expect(wrong).toEqual([]);
    expect(ring.size).toBe(maxIds);
    expect(ring.takeLimited()).toBe(true);
    expect(ring.takeLimited()).toBe(false);
  });

  it('is the same ring when it is restored from its entries in parts', () => {
    const bounds = { windowMs: 200, maxIds: 40 };
    fc.assert(
      fc.property(fc.array(step$, { maxLength: 100, size: 'max' }), fc.nat(100), (steps, cut) => {
        const ring = new IdRing(bounds);
        let timeMs = 0;
        let restored: IdRing | null = null;
        const pieces: ReturnType<IdRing['since']>[] = [];
        for (const [offset, { id, afterMs }] of steps.entries()) {
          timeMs += afterMs;
          const begin = ring.next;
          if (restored !== null) expect(found(restored, id, timeMs)).toBe(found(ring, id, timeMs));
          if (found(ring, id, timeMs) === null) {
            add(ring, id, offset, timeMs);
            if (restored !== null) add(restored, id, offset, timeMs);
          }
          pieces.push(ring.since(begin));
          if (offset !== cut) continue;
          restored = new IdRing(bounds, ring.first);
          for (const piece of pieces) {
            if (piece.first + piece.offsets.length > ring.first) atOnce(restored.restore(piece));
          }
          expect(restored.since(0)).toEqual(ring.since(0));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('forgets the id of a record, and keeps its place', () => {
    const ring = new IdRing({ windowMs: 1_000, maxIds: 10 });
    add(ring, { high: 1, low: 1 }, 5, 100);
    add(ring, { high: 2, low: 2 }, 6, 100);
    ring.forget(6);
    ring.forget(4);
    expect(found(ring, { high: 1, low: 1 }, 100)).toBe(5);
    expect(found(ring, { high: 2, low: 2 }, 100)).toBeNull();
    expect(at(ring.since(0).offsets, 1)).toBe(6);
    add(ring, { high: 2, low: 2 }, 9, 110);
    expect(found(ring, { high: 2, low: 2 }, 120)).toBe(9);
  });

  it('forgets a few at a time, however far a time jumps', () => {
    const ring = new IdRing({ windowMs: 1_000, maxIds: 100 });
    for (let i = 0; i < 50; i++) add(ring, { high: i, low: i }, i, i);
    add(ring, { high: 99, low: 99 }, 99, 1e12);
    expect(ring.size).toBe(43);
    expect(found(ring, { high: 20, low: 20 }, 60)).toBe(20);
    expect(ring.takeLimited()).toBe(false);
  });
});
