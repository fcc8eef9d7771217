import { describe, expect, it } from '@jest/globals';

import { choose, type ScoredCandidate } from './choose.ts';

/** Candidate whose log p is −3 plus a gain that varies from row to row. */
const candidate = (name: string, parameters: number, gain: number, spread = 0.5): ScoredCandidate => ({
  ...{ name, parameters, isRecipe: name === 'recipe' },
  logDensityNats: Float64Array.from({ length: 400 }, (_, row) => -3 + gain + spread * Math.sin(parameters * row)),
});
const recipe = candidate('recipe', 1_000, 0, 0);
const chosenOf = (...candidates: readonly ScoredCandidate[]): string => choose(candidates).chosen.name;

describe('choose', () => {
  it('keeps the recipe unless another is more likely by 0.1 nats and two standard errors', () => {
    expect(chosenOf(recipe, candidate('better', 2_000, 0.2))).toBe('better');
    expect(chosenOf(recipe, candidate('little better', 10, 0.11))).toBe('recipe');
    expect(chosenOf(recipe, candidate('uncertain', 10, 0.2, 5))).toBe('recipe');
    expect(chosenOf(recipe, candidate('level and simple', 10, 0))).toBe('recipe');
    expect(chosenOf(recipe, candidate('worse', 10, -0.2))).toBe('recipe');
  });

  it('takes the simplest within one standard error of the most likely of those beyond the recipe', () => {
    const [large, small] = [candidate('large', 3_000, 0.31), candidate('small', 500, 0.3)];
    expect(choose([recipe, large, small])).toMatchObject({ best: { name: 'large' }, chosen: { name: 'small' } });
    expect(chosenOf(recipe, large, candidate('small', 500, 0.2))).toBe('large');
  });

  it('goes by one standard error alone where the recipe is no candidate', () => {
    expect(chosenOf(candidate('mixture', 200, 0.01), candidate('gaussian', 50, 0))).toBe('gaussian');
    expect(chosenOf(candidate('mixture', 200, 0.2), candidate('gaussian', 50, 0))).toBe('mixture');
  });

  it('lets no single absurd row decide', () => {
    const absurd = candidate('absurd', 10, 0.3);
    absurd.logDensityNats[7] = -5e12;
    const { chosen, gains } = choose([recipe, absurd]);
    expect(chosen.name).toBe('absurd');
    expect(gains[0]?.mean).toBeGreaterThan(-0.3);
  });

  it('keeps the first of equals, and measures each against the most likely', () => {
    const { chosen, best, gains } = choose([recipe, { ...recipe, name: 'same' }, candidate('better', 3_000, 0.3)]);
    expect([chosen.name, best.name]).toEqual(['better', 'better']);
    expect(gains.map(({ mean }) => mean.toFixed(2))).toEqual(['-0.30', '-0.30', '0.00']);
    const same = candidate('same', 50, 0);
    expect(chosenOf({ ...same, name: 'first' }, same)).toBe('first');
  });
});
