import { describe, expect, it } from '@jest/globals';

import { candidatesFor } from './candidates.ts';

const families = (train: number, calibration: number): string[] => [
  ...new Set(candidatesFor({ rows: { train, calibration } }).map(({ family }) => family)),
];

describe('candidatesFor', () => {
  it('gives a short history the families that are fitted without gradient steps', () => {
    expect(families(499, 200)).toEqual(['gaussian', 'mixture']);
    expect(families(500, 99)).toEqual(['gaussian', 'mixture']);
    expect(families(500, 100)).toContain('realNVP');
  });

  it('has the recipe first, several partitions and depths, and no name twice', () => {
    const all = candidatesFor({ rows: { train: 1_000, calibration: 200 } });
    expect(all[0]).toMatchObject({ family: 'realNVP', partition: 'pairs', layers: 8 });
    expect(new Set(all.map(({ partition }) => partition)).size).toBeGreaterThan(2);
    expect(new Set(all.map(({ layers }) => layers)).size).toBeGreaterThan(2);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('has one with a mixture base, which differs from the recipe in nothing else', () => {
    const all = candidatesFor({ rows: { train: 1_000, calibration: 200 } });
    const over = all.filter(({ base }) => base.type === 'mixture');
    const { base, name, isRecipe, ...structure } = all[0]!;
    expect([base.type, name, isRecipe]).toEqual(['normal', 'realNVP', true]);
    expect(over).toEqual([
      { ...structure, name: 'realNVP, mixture base', isRecipe: false, base: { type: 'mixture', components: null } },
    ]);
  });
});
