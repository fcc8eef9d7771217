import { FORGOTTEN_MS, type IdEntries } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { packIds, unpackIds } from './packed-ids.ts';

const half$ = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const entry$ = fc.record({
  halves: fc.tuple(half$, half$),
  offset: fc.oneof(fc.nat(1_000), fc.integer({ min: 0, max: 2 ** 50 })),
  timeMs: fc.oneof(fc.nat(1_000), fc.integer({ min: -1, max: 2e12 }), fc.constant(FORGOTTEN_MS)),
});

interface Entry {
  readonly halves: [number, number];
  readonly offset: number;
  readonly timeMs: number;
}

const entriesOf = (first: number, entries: readonly Entry[]): IdEntries => ({
  first,
  hashes: Int32Array.from(entries.flatMap(({ halves }) => halves)),
  offsets: Float64Array.from(entries, ({ offset }) => offset),
  timesMs: Float64Array.from(entries, ({ timeMs }) => timeMs),
});

describe('packed ids', () => {
  it('are read as they were written, also as one piece of several blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.array(entry$, { maxLength: 6 }), { maxLength: 4 }), (blocks) => {
        const bytes = Buffer.concat(blocks.map((entries) => packIds(entriesOf(0, entries))));
        expect(unpackIds(7, bytes)).toEqual(entriesOf(7, blocks.flat()));
      }),
    );
  });

  it('take ten bytes per id of consecutive records', () => {
    const entries = Array.from({ length: 1_000 }, (_, i) => ({
      ...{ halves: [i, -i] as [number, number], offset: 5e9 + i, timeMs: 1.7e12 + Math.floor(i / 4) },
    }));
    expect(packIds(entriesOf(0, entries)).length).toBe(20 + 1_000 * 10);
  });
});
