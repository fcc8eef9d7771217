import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { baselineRows } from '../matrix.ts';
import { rankingMetrics } from '../ranking-metrics.ts';
import { clusters, tableOf } from '../testing/clusters.ts';
import { baselines } from './index.ts';

/** Rows, and the scores of the test rows by baseline. */
type Reference = Readonly<Record<'train' | 'test', number[][]>> & Readonly<Record<string, number[]>>;
const reference = JSON.parse(
  readFileSync(new URL('../testing/reference-scores.json', import.meta.url), 'utf8'),
) as Reference;

const named = (name: string) => baselines.find((each) => each.name === name)!;
const rows = baselineRows([], tableOf(reference.train), tableOf(reference.test));

describe('the baselines', () => {
  // Scores of scikit-learn 1.7 and PyOD 2 on the same standardised rows.
  it.each(['1-NN', 'kNN5', 'LOF', 'Gaussian', 'ECOD', 'COPOD'] as const)('%s scores as its peer does', (name) => {
    const scores = named(name).score(rows, 0);
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(reference[name]![i]!, 5);
  });

  // Training a network takes longer: contraction-matching.proof.test.ts.
  const quick = baselines.filter(({ name }) => name !== 'TCCM');
  it.each(quick.map((baseline) => [baseline.name, baseline] as const))(
    '%s ranks far rows above others, the same by the same seed',
    (_, baseline) => {
      const { sample, labels } = clusters();
      const scores = baseline.score(sample, 3);
      expect(rankingMetrics(scores, labels).auroc).toBeGreaterThan(0.95);
      expect([...baseline.score(sample, 3)]).toEqual([...scores]);
    },
  );

  it('finds the nearest rows exactly, among equal ones too', () => {
    const train = tableOf([
      [0, 0],
      [0, 0],
      [3, 4],
      [6, 8],
    ]);
    const scaled = baselineRows([], train, tableOf([[0, 0]]));
    const [nearest] = named('1-NN').score(scaled, 0);
    expect(nearest).toBe(0);
  });
});
