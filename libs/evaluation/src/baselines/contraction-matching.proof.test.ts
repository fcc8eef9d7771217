import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { rankingMetrics } from '../ranking-metrics.ts';
import { clusters } from '../testing/clusters.ts';
import { contractionMatching } from './contraction-matching.ts';
import { Perceptron } from './perceptron.ts';

describe('the perceptron', () => {
  it('learns a function that is not linear', () => {
    const random = new Random(1);
    const network = new Perceptron([2, 16, 1], random);
    const drawn = (): readonly [Float64Array, Float64Array] => {
      const [a, b] = [2 * random.uniform() - 1, 2 * random.uniform() - 1];
      return [Float64Array.of(a, b), Float64Array.of(a * b)];
    };
    for (let step = 0; step < 2_000; step++) network.train(Array.from({ length: 32 }, drawn), 5e-3);
    for (const [a, b] of [
      [0.8, 0.8],
      [-0.8, 0.8],
      [0, 0.5],
    ] as const) {
      expect(network.forward(Float64Array.of(a, b))[0]).toBeCloseTo(a * b, 1);
    }
  });
});

describe('TCCM', () => {
  it('ranks far rows above others, the same by the same seed', () => {
    const { sample, labels } = clusters();
    const scores = contractionMatching.score(sample, 3);
    expect(rankingMetrics(scores, labels).auroc).toBeGreaterThan(0.95);
    expect([...contractionMatching.score(sample, 3)]).toEqual([...scores]);
  });
});
