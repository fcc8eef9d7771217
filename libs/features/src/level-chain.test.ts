import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LevelChain, fitLevelChain } from './level-chain.ts';
import { countedLevels } from './testing/counted-levels.ts';
import { MISSING, fitLevelColumn, type LevelColumn } from './level-column.ts';

const column = (levels: readonly (string | null)[], maxLevels = 64) =>
  fitLevelColumn(countedLevels(levels), { maxLevels, boolean: false });
const fitPairs = (pairs: readonly (readonly [string | null, string | null])[], maxLevels = 64) => {
  const previous = column(
    pairs.map(([level]) => level),
    maxLevels,
  );
  const own = column(
    pairs.map(([, level]) => level),
    maxLevels,
  );
  const counted = new Map<number, number>();
  for (const [before, level] of pairs) {
    if (before === null || level === null) continue;
    const key = previous.indexOf(before) * (own.unseenIndex + 1) + own.indexOf(level);
    counted.set(key, (counted.get(key) ?? 0) + 1);
  }
  return { previous, own, chain: fitLevelChain(own, counted) };
};
const distribution = (chain: LevelChain, own: LevelColumn, previous: number) =>
  Array.from({ length: own.unseenIndex + 1 }, (_, index) => chain.probability(previous, index));

describe('LevelChain', () => {
  it('is (n_ij + κ·P(j))/(n_i + κ), and the marginal where nothing comes before', () => {
    const own = column(['x', 'x', 'y']);
    const chain = new LevelChain(own, {
      strength: 2,
      counts: [
        [0, 0, 3],
        [0, 1, 1],
        [1, 1, 5],
      ],
    });
    expect(chain.probability(0, 0)).toBeCloseTo((3 + 2 * own.probability(0)) / (4 + 2), 15);
    expect(chain.probability(0, 2)).toBeCloseTo((2 * own.probability(2)) / (4 + 2), 15);
    expect(chain.probability(1, 0)).toBeCloseTo((2 * own.probability(0)) / (5 + 2), 15);
    expect(chain.probability(7, 1)).toBeCloseTo(own.probability(1), 15);
    expect(chain.probability(MISSING, 1)).toBe(own.probability(1));
    expect(new LevelChain(own, null).probability(0, 1)).toBe(own.probability(1));
  });

  it('sums to 1 over all levels and unseen ones, whatever came before', () => {
    const level = fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
    fc.assert(
      fc.property(fc.array(fc.tuple(level, level)), fc.integer({ min: 1, max: 6 }), (pairs, maxLevels) => {
        const { previous, own, chain } = fitPairs(pairs, maxLevels);
        for (let i = MISSING; i <= previous.unseenIndex; i++) {
          const all = distribution(chain, own, i);
          expect(all.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
          expect(Math.min(...all)).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('trusts pairs that repeat, and smooths pairs that do not', () => {
    const levels = ['a', 'b', 'c', 'd'];
    const dependent = levels.flatMap((level) => Array.from({ length: 50 }, () => [level, level] as const));
    const { chain } = fitPairs(dependent);
    expect(chain.config?.strength).toBe(0.25);
    expect(chain.probability(0, 0)).toBeGreaterThan(0.98);

    const independent = levels.flatMap((first) => levels.map((second) => [first, second] as const));
    expect(fitPairs([...independent, ...independent]).chain.config?.strength).toBe(4096);
  });

  it('counts only pairs of which both levels are there', () => {
    const { chain } = fitPairs([
      ['a', 'x'],
      [null, 'x'],
      ['a', null],
      ['a', 'x'],
    ]);
    expect(chain.config?.counts).toEqual([[0, 0, 2]]);
  });

  it('does not depend on the order of the rows', () => {
    const pairs = [
      ['a', 'x'],
      ['b', 'y'],
      ['a', 'y'],
      ['c', 'x'],
      ['a', 'x'],
    ] as const;
    expect(fitPairs([...pairs].reverse()).chain.config).toEqual(fitPairs(pairs).chain.config);
  });
});
