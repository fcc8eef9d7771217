import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Random } from './random.ts';

const draws = (random: Random, n: number) => Array.from({ length: n }, () => random.uint32());

describe('Random', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(draws(new Random(7), 5)).toEqual(draws(new Random(7), 5));
    expect(draws(new Random(7), 5)).not.toEqual(draws(new Random(8), 5));
  });

  it('never changes: weights are reproducible across releases', () => {
    expect(draws(new Random(1), 3)).toMatchInlineSnapshot(`
     [
       226522541,
       3271656409,
       1860862173,
     ]
    `);
  });

  it('goes on exactly where its state was taken, between the two normals of a pair as well', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(20), (seed, drawn) => {
        const random = new Random(seed);
        for (let i = 0; i < drawn; i++) random.normal();
        const later = Random.from(structuredClone(random.state()));
        expect([later.normal(), later.uniform(), later.integer(10)]).toEqual([
          random.normal(),
          random.uniform(),
          random.integer(10),
        ]);
      }),
    );
  });

  it('forks by label, whatever was drawn before', () => {
    const random = new Random(3);
    const early = draws(random.fork('noise'), 4);
    draws(random, 100);
    expect(draws(random.fork('noise'), 4)).toEqual(early);
    expect(draws(random.fork('noisf'), 4)).not.toEqual(early);
    expect(draws(Random.from(random.state()).fork('noise'), 4)).toEqual(early);
  });

  it('is uniform and normal: moments and tail shares within 4 standard errors', () => {
    const random = new Random(11);
    const n = 200_000;
    const normals = random.normals(n);
    const mean = (f: (x: number) => number) => normals.reduce((sum, x) => sum + f(x), 0) / n;
    expect(Math.abs(mean((x) => x))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean((x) => x * x) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(mean((x) => x ** 4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    expect(Math.abs(mean((x) => (x > 1.959964 ? 1 : 0)) - 0.025)).toBeLessThan(4 * Math.sqrt((0.025 * 0.975) / n));
    const counts = new Float64Array(7);
    for (let i = 0; i < n; i++) counts[random.integer(7)]! += 1;
    const chiSquare = counts.reduce((sum, count) => sum + (count - n / 7) ** 2 / (n / 7), 0);
    expect(chiSquare).toBeLessThan(25);
    const uniforms = Array.from({ length: n }, () => random.uniform());
    expect(Math.abs(uniforms.reduce((sum, x) => sum + x, 0) / n - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n));
    expect(uniforms.every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it('permutes: each order of three equally often', () => {
    const random = new Random(5);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.permutation(3).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000));
  });

  it('refuses a seed that is no number', () => {
    expect(() => new Random(Number.NaN)).toThrow(expect.objectContaining({ code: 'FLOWLINE_USAGE' }));
    expect(() => new Random(1).integer(0)).toThrow(expect.objectContaining({ code: 'FLOWLINE_USAGE' }));
  });
});
