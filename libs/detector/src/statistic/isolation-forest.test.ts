import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import { IsolationForest } from './isolation-forest.ts';

const drawn = (size: number, width: number, random: Random): Float32Array =>
  Float32Array.from({ length: size * width }, () => random.normal());

describe('IsolationForest', () => {
  it('isolates a row the more the farther out it lies, as few cuts part it', () => {
    const random = new Random(1);
    const forest = IsolationForest.grow(drawn(2_000, 3, random), 3, random);
    const along = [0, 1, 2, 3, 5].map((x) => forest.isolation(Float32Array.of(x, x, x), 0));
    along.slice(1).forEach((isolation, i) => expect(isolation).toBeGreaterThan(along[i]!));
    // Beyond all rows, a cut is on the near side whatever the distance.
    expect(forest.isolation(Float32Array.of(1e6, 1e6, 1e6), 0)).toBe(forest.isolation(Float32Array.of(99, 99, 99), 0));
  });

  it('has paths of the mean length of a binary search tree, for rows like those it was grown from', () => {
    const random = new Random(2);
    // One column of even values: an isolation tree of 256 of them, of depth 8 at most, whose leaves
    // count the mean path of the rows that are left.
    const forest = IsolationForest.grow(
      Float32Array.from({ length: 5_000 }, (_, i) => i),
      1,
      random,
    );
    const mean = Array.from({ length: 500 }, (_, i) => -forest.isolation(Float32Array.of(10 * i), 0)).reduce(
      (sum, path) => sum + path / 500,
      0,
    );
    // c(256) = 2 H(255) − 2 · 255 / 256
    expect(mean).toBeGreaterThan(0.93 * 10.24);
    expect(mean).toBeLessThan(1.07 * 10.24);
  });

  it('reads the row that is asked for, and is the same by the same seed', () => {
    const rows = drawn(500, 2, new Random(3));
    const [one, other] = [1, 1].map((seed) => IsolationForest.grow(rows, 2, new Random(seed)));
    const queries = drawn(20, 2, new Random(4));
    for (let i = 0; i < 20; i++) {
      const isolation = one!.isolation(queries, i);
      expect(other!.isolation(queries, i)).toBe(isolation);
      expect(one!.isolation(queries.slice(2 * i, 2 * i + 2), 0)).toBe(isolation);
    }
  });

  it.each([
    ['one row', new Float32Array([1, 2])],
    ['equal rows', new Float32Array(600).fill(7)],
    ['neighbouring numbers', Float32Array.from({ length: 200 }, (_, i) => 1 + (i % 2) * 2 ** -23)],
  ])('is finite for %s', (_name, rows) => {
    const forest = IsolationForest.grow(rows, 2, new Random(5));
    expect(Number.isFinite(forest.isolation(Float32Array.of(0, 1), 0))).toBe(true);
    expect(Number.isFinite(forest.isolation(rows, 0))).toBe(true);
  });
});
