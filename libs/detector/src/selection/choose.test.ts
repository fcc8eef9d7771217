import { describe, expect, it } from '@jest/globals';

import { choose, type ScoredCandidate } from './choose.ts';

/** Candidate whose log p is that of the first, plus a gain that varies from row to row. */
const candidate = (name: string, parameters: number, gain: number, spread = 0.5): ScoredCandidate => ({
  ...{ name, parameters },
  logDensityNats: Float64Array.from({ length: 400 }, (_, row) => -3 + gain + spread * Math.sin(parameters * row)),
});
const recipe = candidate('recipe', 1_000, 0, 0);

describe('choose', () => {
  it('takes the simplest within one standard error of the most likely', () => {
    const better = candidate('better', 2_000, 0.2);
    const level = candidate('level', 2_000, 0.001);
    const simple = candidate('simple', 10, -0.001);
    expect(choose([recipe, better]).chosen.name).toBe('better');
    expect(choose([recipe, level])).toMatchObject({ best: { name: 'level' }, chosen: { name: 'recipe' } });
    expect(choose([recipe, level, simple]).chosen.name).toBe('simple');
    expect(choose([recipe, candidate('worse', 10, -0.2)]).chosen.name).toBe('recipe');
  });

  it('lets no single absurd row decide', () => {
    const absurd = candidate('absurd', 10, 0.2);
    absurd.logDensityNats[7] = -5e12;
    const { chosen, gains } = choose([recipe, absurd]);
    expect(chosen.name).toBe('absurd');
    expect(gains[0]?.mean).toBeGreaterThan(-0.2);
  });

  it('keeps the first of equals, and measures each against the most likely', () => {
    const { chosen, best, gains } = choose([recipe, { ...recipe, name: 'same' }, candidate('better', 3_000, 0.3)]);
    expect([chosen.name, best.name]).toEqual(['better', 'better']);
    expect(gains.map(({ mean }) => mean.toFixed(2))).toEqual(['-0.30', '-0.30', '0.00']);
    expect(choose([recipe, { ...recipe, name: 'same' }]).chosen.name).toBe('recipe');
  });
});
