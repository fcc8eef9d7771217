import { describe, expect, it } from '@jest/globals';

import { judge, type Sample } from './verdicts.ts';

const RATE = 1_000;

/** 30 samples, one in 10 s, of a scorer that is well, changed by `change`. */
function samples(change: (i: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: 30 }, (_, i) => ({
    seconds: i * 10,
    residentMb: 300 + (i % 5),
    heapMb: 80,
    tensors: 12,
    lagRecords: (i % 3) * 100,
    lagSeconds: 0.1,
    stored: i * 10 * RATE,
    ...change(i),
  }));
}

const holds = ({ memory, tensors, lag }: ReturnType<typeof judge>): boolean[] => [
  memory.flat,
  tensors.constant,
  lag.bounded,
];

describe('judge', () => {
  it('finds nothing in noise, nor in a warm-up', () => {
    expect(holds(judge(samples(), RATE))).toEqual([true, true, true]);
    const warmUp = samples((i) => (i < 10 ? { residentMb: 200 + 10 * i, tensors: i, lagRecords: 90_000 } : {}));
    expect(holds(judge(warmUp, RATE))).toEqual([true, true, true]);
  });

  it('finds memory that grows', () => {
    const verdicts = judge(
      samples((i) => ({ residentMb: 300 + 3 * i })),
      RATE,
    );
    expect(holds(verdicts)).toEqual([false, true, true]);
    expect(verdicts.memory).toEqual({ middleMb: 343.5, lastMb: 373.5, flat: false });
  });

  it('finds one tensor that stays', () => {
    expect(
      holds(
        judge(
          samples((i) => ({ tensors: i < 29 ? 12 : 13 })),
          RATE,
        ),
      ),
    ).toEqual([true, false, true]);
  });

  it('finds a lag of more than five seconds', () => {
    expect(
      holds(
        judge(
          samples((i) => ({ lagRecords: i === 20 ? 5_001 : 0 })),
          RATE,
        ),
      ),
    ).toEqual([true, true, false]);
  });

  it('says nothing of a few samples', () => {
    expect(() => judge(samples().slice(0, 5), RATE)).toThrow(RangeError);
  });
});
