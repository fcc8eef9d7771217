import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { judge, type Sample } from './verdicts.ts';

const RATE = 1_000;

/** Samples of a healthy scorer, one every 10 s, modified by `change`. */
function samples(change: (i: number) => Partial<Sample> = () => ({}), count = 60): Sample[] {
  return Array.from({ length: count }, (_, i) => ({
    seconds: i * 10,
    answerMs: 20,
    residentMb: 300 + (i % 5),
    heapMb: 80 + 10 * (i % 3),
    externalMb: 30,
    tensors: 12,
    lagRecords: (i % 3) * 100,
    lagSeconds: 0.1,
    stored: i * 10 * RATE,
    ...change(i),
  }));
}

const holds = ({ memory, tensors, lag, metrics }: ReturnType<typeof judge>): boolean[] => [
  memory.flat,
  tensors.constant,
  lag.bounded,
  metrics.answers,
];
const WELL = [true, true, true, true];

describe('judge', () => {
  it('finds nothing in noise, nor in a warm-up', () => {
    expect(holds(judge(samples(), RATE, 0))).toEqual(WELL);
    const warmUp = samples((i) => (i < 20 ? { residentMb: 200 + 5 * i, tensors: i, lagRecords: 90_000 } : {}));
    expect(holds(judge(warmUp, RATE, 0))).toEqual(WELL);
  });

  it('finds memory that grows, by how much, and the heap after its collections', () => {
    const { memory } = judge(
      samples((i) => ({ residentMb: 300 + i, heapMb: 80 + 10 * (i % 3) + i })),
      RATE,
      0,
    );
    expect(memory.flat).toBe(false);
    expect(memory.growthMb.slope).toBeCloseTo(39, 9);
    expect(memory.medianMb).toBe(339.5);
    expect(memory.heapFloorMb).toEqual({ middle: 101, last: 122 });
  });

  it('takes a burst for none, nor noise, wherever they are', () => {
    const random = new Random(1);
    const burst = samples((i) => ({ residentMb: i > 44 && i < 52 ? 420 : 300 + 5 * random.normal() }));
    expect(judge(burst, RATE, 0).memory.flat).toBe(true);
    // A leak under the same noise and the same burst.
    const leak = samples((i) => ({ residentMb: (i > 44 && i < 52 ? 420 : 300 + 5 * random.normal()) + i }));
    expect(judge(leak, RATE, 0).memory.flat).toBe(false);
  });

  it('does not call memory flat that it cannot tell, and looks at long soaks by their medians', () => {
    const random = new Random(2);
    expect(
      judge(
        samples(() => ({ residentMb: 300 + 20 * random.normal() }), 15),
        RATE,
        0,
      ).memory.flat,
    ).toBe(false);
    const long = judge(
      samples(() => ({ residentMb: 300 + 20 * random.normal() }), 1_000),
      RATE,
      0,
    );
    expect(long.memory.flat).toBe(true);
  });

  it('finds one tensor that stays', () => {
    const one = judge(
      samples((i) => ({ tensors: i < 59 ? 12 : 13 })),
      RATE,
      0,
    );
    expect(holds(one)).toEqual([true, false, true, true]);
  });

  it('finds a lag of more than five seconds', () => {
    const late = judge(
      samples((i) => ({ lagRecords: i === 30 ? 5_001 : 0 })),
      RATE,
      0,
    );
    expect(holds(late)).toEqual([true, true, false, true]);
  });

  it('finds a look that was not answered', () => {
    const { metrics } = judge(
      samples((i) => ({ answerMs: i === 3 ? 900 : 20 })),
      RATE,
      1,
    );
    expect(metrics).toEqual({ missed: 1, slowestMs: 900, answers: false });
  });

  it('says nothing of a few samples', () => {
    expect(() => judge(samples().slice(0, 8), RATE, 0)).toThrow(RangeError);
  });
});
