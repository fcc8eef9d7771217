import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { sampler } from './sampling.ts';

const offsets = (count: number, first = 0) => Array.from({ length: count }, (_, i) => first + i);

describe('sampler', () => {
  it('keeps the share that was asked for, wherever offsets begin', () => {
    const N = 5_000;
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      for (const [topic, partition, first] of [
        ['orders', 0, 0],
        ['orders', 7, 0],
        ['clicks', 0, 2 ** 40],
      ] as const) {
        const kept = offsets(N, first).filter(sampler(topic, partition, share)).length;
        // Five standard deviations of a binomial count.
        expect(Math.abs(kept - N * share)).toBeLessThan(5 * Math.sqrt(N * share * (1 - share)));
      }
    }
  });

  it('keeps everything at 1 and nothing at 0', () => {
    expect(offsets(100).every(sampler('t', 0, 1))).toBe(true);
    expect(offsets(100).some(sampler('t', 0, 0))).toBe(false);
  });

  it('is the same each time, and within any larger sample', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.maxSafeNat(), share, share, (topic, partition, offset, a, b) => {
        const inSmall = sampler(topic, partition, Math.min(a, b))(offset);
        expect(sampler(topic, partition, Math.min(a, b))(offset)).toBe(inSmall);
        if (inSmall) expect(sampler(topic, partition, Math.max(a, b))(offset)).toBe(true);
      }),
    );
  });

  it('differs between partitions and topics', () => {
    const picks = [
      ['a', 0],
      ['a', 1],
      ['b', 0],
    ].map(([topic, partition]) => offsets(2_000).filter(sampler(String(topic), Number(partition), 0.5)));
    const [first = [], ...others] = picks;
    for (const other of others) {
      const both = first.filter((offset) => other.includes(offset)).length;
      expect(Math.abs(both - 500)).toBeLessThan(110);
    }
  });
});
