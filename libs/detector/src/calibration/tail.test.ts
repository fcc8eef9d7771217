import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import {
  bootstrapTail,
  exceedanceAt,
  fitGeneralisedPareto,
  paretoQuantile,
  paretoSurvival,
  survivals,
  type GeneralisedPareto,
} from './tail.ts';

const sample = (law: GeneralisedPareto, n: number, seed: number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: n }, () => paretoQuantile(law, Math.log1p(-random.uniform()))).sort();
};

describe('the generalised Pareto law', () => {
  it('has the closed forms of the exponential, the uniform and the Pareto', () => {
    expect(paretoSurvival({ shape: 0, scale: 2 }, 3)).toBeCloseTo(Math.exp(-1.5), 14);
    expect(paretoSurvival({ shape: -1, scale: 4 }, 1)).toBeCloseTo(0.75, 14);
    expect(paretoSurvival({ shape: -1, scale: 4 }, 5)).toBe(0);
    expect(paretoSurvival({ shape: 0.5, scale: 1 }, 2)).toBeCloseTo(0.25, 14);
  });

  it('is inverted by its quantile, and continuous where the shape passes 0', () => {
    for (const shape of [-0.4, -1e-10, 0, 1e-10, 0.3, 1.7]) {
      const law = { shape, scale: 3 };
      for (const logSurvival of [-1e-3, -1, -20]) {
        expect(Math.log(paretoSurvival(law, paretoQuantile(law, logSurvival)))).toBeCloseTo(logSurvival, 6);
      }
    }
  });
});

describe('fitGeneralisedPareto', () => {
  it('follows the unit of the scores', () => {
    const scores = sample({ shape: 0.2, scale: 1 }, 1000, 2);
    const one = fitGeneralisedPareto(scores);
    const other = fitGeneralisedPareto(scores.map((y) => y * 1e280));
    expect(other?.shape).toBeCloseTo(one?.shape ?? NaN, 10);
    expect((other?.scale ?? 0) / 1e280).toBeCloseTo(one?.scale ?? NaN, 10);
  });

  it('has no law for equal, single or infinite exceedances', () => {
    expect(fitGeneralisedPareto(new Float64Array(50).fill(2))).toBeNull();
    expect(fitGeneralisedPareto(Float64Array.of(1))).toBeNull();
    expect(fitGeneralisedPareto(Float64Array.of(1, 2, Infinity))).toBeNull();
  });
});

describe('bootstrapTail', () => {
  it('gives as inverse quantile the exceedance at which that share of survivals has fallen to p', () => {
    for (const shape of [0.1, 1.5]) {
      const tail = bootstrapTail(sample({ shape, scale: 1 }, 500, 5), new Random(6));
      expect(tail).not.toBeNull();
      expect((tail?.logUnit ?? 0) > 0).toBe(shape > 1);
      const y = exceedanceAt(tail ?? { laws: [], logUnit: 0 }, Math.log(1e-4), 0.9);
      const at = survivals(tail ?? { laws: [], logUnit: 0 }, y);
      expect(at[179]).toBeCloseTo(1e-4, 10);
    }
  });

  it('is the same for the same seed, and null where there is too little to fit', () => {
    const exceedances = sample({ shape: 0, scale: 1 }, 100, 7);
    expect(bootstrapTail(exceedances, new Random(8))).toEqual(bootstrapTail(exceedances, new Random(8)));
    expect(bootstrapTail(exceedances.subarray(0, 19), new Random(8))).toBeNull();
  });
});
