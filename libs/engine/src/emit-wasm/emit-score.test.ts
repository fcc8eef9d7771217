import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import fc from 'fast-check';

import { emitGradient } from './emit-gradient.ts';
import { emitScore } from './emit-score.ts';
import { compileKernel, instantiateKernel } from '../backends/wasm-kernel.ts';
import type { KernelOutput } from '../backends/wasm-kernel.ts';
import { wasmTarget } from '../backends/wasm-target.ts';
import type { Activation, Plan } from '../plan.ts';
import { interpret } from '../reference/interpreter.ts';
import { planShapes } from '../testing/plan-arbitrary.ts';
import { randomPlan, randomRows } from '../testing/random-plan.ts';
import { errorInTolerances } from '../tolerance.ts';
import { validatePlan } from '../validate-plan.ts';

const CAPACITY = 128;
const targets = wasmTarget().fused ? [true, false] : [false];

/** Runs rows through a fresh kernel: all at once, or one by one. */
const runKernel = (
  plan: Plan,
  fused: boolean,
  rows: Float32Array,
  output: KernelOutput,
): { together: (n: number) => [Float32Array, Float32Array]; alone: (i: number) => [number, Float32Array] } => {
  const width = plan.features + plan.context;
  const emit = output === 'gradient' ? emitGradient : emitScore;
  const kernel = instantiateKernel(compileKernel(emit(plan, { fused, capacity: CAPACITY })), width, plan.features);
  return {
    together: (n) => {
      kernel.rows.set(rows.subarray(0, n * width));
      kernel.run(output, n);
      return [kernel.scores.slice(0, n), kernel.vectors.slice(0, n * plan.features)];
    },
    alone: (i) => {
      kernel.rows.set(rows.subarray(i * width, (i + 1) * width));
      kernel.run(output, 1);
      return [kernel.scores[0]!, kernel.vectors.slice(0, plan.features)];
    },
  };
};

const reference = (plan: Plan, rows: Float32Array, n: number) => {
  const width = plan.features + plan.context;
  return Array.from({ length: n }, (_, i) => interpret(plan, rows.subarray(i * width, (i + 1) * width)));
};

describe.each(targets)('compiled plans, fused: %s', (fused) => {
  const batches = fc.record({ n: fc.integer({ min: 1, max: 75 }), spread: fc.constantFrom(1, 1, 2) });

  it('score as the reference does, and a row scores the same bits in any batch', () => {
    fc.assert(
      fc.property(planShapes(), batches, (shape, { n, spread }) => {
        const plan = randomPlan(shape);
        validatePlan(plan);
        const rows = randomRows(plan, n, new Random(shape.seed), spread);
        const exact = reference(plan, rows, n);
        const { together, alone } = runKernel(plan, fused, rows, 'latent');
        const [scores, latents] = together(n);
        const errors = exact.map(({ score }, i) => errorInTolerances(scores[i]!, score));
        expect(Math.max(...errors)).toBeLessThanOrEqual(1);
        const off = exact.flatMap(({ latent }, i) =>
          Array.from(latent, (z, j) => Math.abs(z - latents[i * plan.features + j]!) / (1e-4 + 1e-5 * Math.abs(z))),
        );
        expect(Math.max(...off)).toBeLessThan(1);
        const singly = Array.from({ length: n }, (_, i) => alone(i));
        expect(singly.map(([score]) => score)).toEqual([...scores]);
        expect(singly.flatMap(([, latent]) => [...latent])).toEqual([...latents]);
        // Any part of the batch, too: the tail of a tile, full tiles, and both.
        for (const part of [n >> 1, n - 1, n - 7]) {
          if (part > 0) expect([...together(part)[0]]).toEqual([...scores.subarray(0, part)]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('have the gradient of the reference', () => {
    fc.assert(
      fc.property(planShapes(24), fc.integer({ min: 1, max: 40 }), (shape, n) => {
        const plan = randomPlan(shape);
        const rows = randomRows(plan, n, new Random(shape.seed));
        const [, gradients] = runKernel(plan, fused, rows, 'gradient').together(n);
        let kinks = 0;
        reference(plan, rows, n).forEach((row, i) => {
          const exact = row.gradient();
          const size = Math.hypot(...exact);
          const off = exact.map(
            (slope, j) => Math.abs(slope - gradients[i * plan.features + j]!) / (1e-3 + 2e-5 * size),
          );
          // A sum within rounding of 0 may fall on the other side of a ReLU's kink: rare, and only there.
          if (off.some((error) => !(error <= 1))) kinks++;
        });
        const bends: readonly Activation[] = ['relu', 'leakyRelu'];
        expect(kinks).toBeLessThanOrEqual(bends.includes(shape.activation) ? 1 : 0);
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 2, 3, 31, 64, 127, 256])('agree in %d dimensions', (features) => {
    const plan = randomPlan({
      features,
      context: 0,
      nullable: 0,
      couplings: 8,
      hidden: [33, 64],
      activation: 'relu',
      residual: false,
      networks: 'shared',
      scale: { kind: 'tanh', bound: 2 },
      inputClip: 5,
      affine: true,
      seed: features,
    });
    const n = 21;
    const rows = randomRows(plan, n, new Random(features));
    const [scores] = runKernel(plan, fused, rows, 'score').together(n);
    reference(plan, rows, n).forEach(({ score }, i) => {
      expect(errorInTolerances(scores[i]!, score)).toBeLessThanOrEqual(1);
    });
  });

  it.each([10, 100, 1e4, 1e8])('agree for rows %d times as far out', (factor) => {
    const typical = randomPlan({
      features: 10,
      context: 2,
      nullable: 1,
      couplings: 8,
      hidden: [64, 64],
      activation: 'relu',
      residual: false,
      networks: 'shared',
      scale: { kind: 'tanh', bound: 2 },
      inputClip: 5,
      affine: true,
      seed: 4,
    });
    const n = 40;
    const rows = randomRows(typical, n, new Random(5), factor);
    const [scores] = runKernel(typical, fused, rows, 'score').together(n);
    reference(typical, rows, n).forEach(({ score }, i) => {
      expect(errorInTolerances(scores[i]!, score)).toBeLessThanOrEqual(1);
    });
  });
});
