import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { startPosition } from './start-position.ts';

const log = fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 })).map(([low, length]) => ({ low, high: low + length }));

describe('startPosition', () => {
  it('begins a partition of which nothing is stored at an end of the log, and remembers where unless it is 0', () => {
    const earliest = (low: number) => startPosition({ stored: null, low, high: 9, startFrom: 'earliest' });
    expect(earliest(0)).toEqual({ kind: 'start', offset: 0, store: false });
    expect(earliest(5)).toEqual({ kind: 'start', offset: 5, store: true });
    expect(startPosition({ stored: null, low: 5, high: 9, startFrom: 'latest' })).toEqual({
      kind: 'start',
      offset: 9,
      store: true,
    });
  });

  it('begins at the offset of a time, within what the log holds, and remembers it', () => {
    const at = (startFrom: number) => startPosition({ stored: null, low: 5, high: 9, startFrom });
    expect(at(7)).toEqual({ kind: 'start', offset: 7, store: true });
    expect([at(1), at(12)]).toMatchObject([{ offset: 5 }, { offset: 9 }]);
  });

  it('never skips or repeats a record without saying so', () => {
    fc.assert(
      fc.property(
        log,
        fc.nat({ max: 120 }),
        fc.constantFrom<'earliest' | 'latest' | number>('earliest', 'latest', 7),
        ({ low, high }, stored, startFrom) => {
          const start = startPosition({ stored, low, high, startFrom });
          if (stored > high) expect(start).toEqual({ kind: 'recreated' });
          else if (stored < low) expect(start).toEqual({ kind: 'gap', from: stored, to: low });
          else expect(start).toEqual({ kind: 'start', offset: stored, store: false });
        },
      ),
    );
  });
});
