import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { NearestRows } from './nearest-rows.ts';

const random = new Random(1);
const drawn = (size: number, width: number, of: () => number): Float32Array =>
  Float32Array.from({ length: size * width }, of);

const bruteForce = (rows: Float32Array, query: Float32Array): number => {
  const width = query.length;
  const distances = Array.from({ length: rows.length / width }, (_, row) =>
    Math.hypot(...query.map((value, k) => value - rows[row * width + k]!)),
  );
  return Math.min(...distances);
};

describe('NearestRows', () => {
  it.each([
    ['normal rows', 700, 5, (): number => random.normal()],
    ['rows with many ties', 500, 3, (): number => Math.round(random.normal())],
    ['rows of one column', 300, 1, (): number => random.uniform()],
    ['one row', 1, 4, (): number => random.normal()],
    ['equal rows', 200, 2, (): number => 7],
  ] as const)('finds the distance to the nearest of %s', (_name, size, width, of) => {
    const rows: Float32Array = drawn(size, width, of);
    const queries: Float32Array = drawn(50, width, () => 2 * random.normal());
    const tree = new NearestRows(rows, width);
    for (let i = 0; i < 50; i++) {
      const query = queries.subarray(i * width, (i + 1) * width);
      expect(tree.distance(queries, i)).toBeCloseTo(bruteForce(rows, query), 5);
    }
  });

  it('ends at a row that is near enough, and only there', () => {
    const rows = drawn(1_000, 4, () => random.normal());
    const queries = drawn(100, 4, () => 1.5 * random.normal());
    const tree = new NearestRows(rows, 4);
    for (let i = 0; i < 100; i++) expect(tree.distance(queries, i, 0.8)).toBe(Math.max(0.8, tree.distance(queries, i)));
  });

  it('leaves a row out of its own distance, and not its copies', () => {
    const random = new Random(7);
    const rows = drawn(300, 3, () => Math.round(2 * random.normal()));
    const tree = new NearestRows(rows, 3);
    for (let i = 0; i < 300; i++) {
      const others = rows.filter((_, k) => Math.floor(k / 3) !== i);
      const expected = bruteForce(others, rows.subarray(3 * i, 3 * i + 3));
      expect(tree.distance(rows, i, 0, true)).toBeCloseTo(expected, 5);
      expect(tree.distance(rows, i)).toBe(0);
    }
    const equal = new NearestRows(new Float32Array(120).fill(3), 3);
    expect(equal.distance(Float32Array.of(3, 3, 3), 0, 0, true)).toBe(0);
  });

  it('has the same distances once its own rows are parted again', () => {
    const tree = new NearestRows(
      drawn(400, 3, () => random.normal()),
      3,
    );
    const again = new NearestRows(tree.rows, 3);
    const queries = drawn(50, 3, () => random.normal());
    for (let i = 0; i < 50; i++) expect(again.distance(queries, i)).toBe(tree.distance(queries, i));
  });
});
