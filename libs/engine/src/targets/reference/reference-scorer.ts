import { KernelScorer } from '../kernel-scorer.ts';
import { interpret } from './interpreter.ts';
import type { ReferenceResult } from './interpreter.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Scorer } from '../../scorer.ts';

/**
 * Scores a plan with the float64 interpreter: exact and slow, for tests and for judging the other
 * backends.
 */
export const createReferenceScorer = (plan: Plan): Scorer => {
  const width = plan.features + plan.context;
  const overRows = (rows: Float32Array, n: number, take: (result: ReferenceResult, row: number) => void): undefined => {
    for (let i = 0; i < n; i++) take(interpret(plan, rows.subarray(i * width, (i + 1) * width)), i);
  };
  return new KernelScorer({
    name: 'reference',
    shape: plan,
    score: (rows, n, scores) =>
      overRows(rows, n, (result, i) => {
        scores[i] = result.score;
      }),
    latent: (rows, n, latents) => overRows(rows, n, (result, i) => latents.set(result.latent, i * plan.features)),
    gradient: (rows, n, gradients) =>
      overRows(rows, n, (result, i) => gradients.set(result.gradient(), i * plan.features)),
    dispose: () => undefined,
  });
};
