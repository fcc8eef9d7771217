import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import fc from 'fast-check';

import { emitGradient } from './emit-gradient.ts';
import { emitScore } from './emit-score.ts';
import { webAssembly } from './runtime/web-assembly.ts';
import { instantiateKernel } from './runtime/wasm-kernel.ts';
import type { KernelOutput } from './runtime/wasm-kernel.ts';
import { wasmTarget } from './runtime/wasm-target.ts';
import type { Activation, Plan } from '../../plan/plan.ts';
import { interpret } from '../reference/interpreter.ts';
import type { ReferenceResult } from '../reference/interpreter.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomPlan, randomRows, typicalShape } from '../../testing/random-plan.ts';
import type { PlanShape } from '../../testing/random-plan.ts';
import { conditionOf, errorInTolerances, toleranceOf } from '../../select/tolerance.ts';
import { validatePlan } from '../../plan/validate-plan.ts';

const CAPACITY = 128;
const targets = wasmTarget().fused ? [true, false] : [false];

/** Runs rows through a fresh kernel, all at once or one by one. */
const runKernel = (
  plan: Plan,
  fused: boolean,
  rows: Float32Array,
  output: KernelOutput,
): { together: (n: number) => [Float32Array, Float32Array]; alone: (i: number) => [number, Float32Array] } => {
  const width = plan.features + plan.context;
  const emit = output === 'gradient' ? emitGradient : emitScore;
  const { bytes, ...layout } = emit(plan, { fused, capacity: CAPACITY });
  const kernel = instantiateKernel({ layout, module: new webAssembly.Module(bytes) }, width, plan.features);
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

/** Largest error, in units of the tolerance, that a row's own conditioning does not explain. */
const worstOf = (plan: Plan, rows: Float32Array, exact: readonly ReferenceResult[], scores: Float32Array): number => {
  const width = plan.features + plan.context;
  const errors = exact.map((result, i) => {
    const { score } = result;
    const error = errorInTolerances(scores[i]!, score);
    const condition = conditionOf(rows.subarray(i * width, i * width + plan.features), result.gradient());
    return error - condition / toleranceOf(score);
  });
  return Math.max(...errors);
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
        expect(worstOf(plan, rows, exact, scores)).toBeLessThanOrEqual(1);
        const off = exact.map((result, i) => {
          const { latent } = result;
          const sized = (1e-4 + 1e-5 * Math.hypot(...latent)) * (1 + 1e-2 * Math.hypot(...result.gradient()));
          return Math.max(...latent.map((z, j) => Math.abs(z - latents[i * plan.features + j]!))) / sized;
        });
        expect(Math.max(...off)).toBeLessThan(1);
        const singly = Array.from({ length: n }, (_, i) => alone(i));
        expect(singly.map(([score]) => score)).toEqual([...scores]);
        expect(singly.flatMap(([, latent]) => [...latent])).toEqual([...latents]);
        // Parts of the batch, too: the tail of a tile, full tiles, and both.
        for (const part of [n >> 1, n - 1, n - 7]) {
          if (part > 0) expect([...together(part)[0]]).toEqual([...scores.subarray(0, part)]);
        }
      }),
      { numRuns: 30 },
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
          const tolerance = 1e-3 + size * (2e-5 + 1e-7 * size);
          const off = exact.map((slope, j) => Math.abs(slope - gradients[i * plan.features + j]!) / tolerance);
          // Only a sum within rounding of 0 may fall on the other side of a ReLU's kink or of a
          // spline's knot. This is rare.
          if (off.some((error) => !(error <= 1))) kinks++;
        });
        const bends: readonly Activation[] = ['relu', 'leakyRelu'];
        const mayBend = bends.includes(shape.activation) || shape.transformer?.type === 'rationalQuadratic';
        expect(kinks).toBeLessThanOrEqual(mayBend ? 1 : 0);
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 2, 3, 31, 64, 127, 256])('agree in %d dimensions', (features) => {
    const plan = randomPlan({ ...typicalShape, features, context: 0, nullable: 0, hidden: [33, 64], seed: features });
    const n = 21;
    const rows = randomRows(plan, n, new Random(features));
    const [scores] = runKernel(plan, fused, rows, 'score').together(n);
    reference(plan, rows, n).forEach(({ score }, i) => {
      expect(errorInTolerances(scores[i]!, score)).toBeLessThanOrEqual(1);
    });
  });

  const wide: readonly (readonly [string, Partial<PlanShape>])[] = [
    ['masked autoregressive', { autoregressive: true }],
    [
      'mixed splines',
      { mixing: true, transformer: { type: 'rationalQuadratic', bins: 4, bound: 3, parameterBound: 3 } },
    ],
    ['planar over Student t', { contextual: 'planar', base: 'studentT' }],
    ['radial over a mixture', { contextual: 'radial', base: 'gaussianMixture' }],
  ];
  it.each(wide)('agree in 256 dimensions: %s', (_name, more) => {
    const plan = randomPlan({
      ...typicalShape,
      features: 256,
      context: 0,
      nullable: 0,
      couplings: 1,
      hidden: [33],
      seed: 1,
      ...more,
    });
    validatePlan(plan);
    const n = 10;
    const rows = randomRows(plan, n, new Random(2));
    const { together, alone } = runKernel(plan, fused, rows, 'latent');
    const [scores] = together(n);
    expect(worstOf(plan, rows, reference(plan, rows, n), scores)).toBeLessThanOrEqual(1);
    expect(alone(3)[0]).toBe(scores[3]);
  });

  const contexts: readonly (readonly [string, Partial<PlanShape>])[] = [
    ['couplings', {}],
    ['masked autoregressive, residual', { autoregressive: true, residual: true, hidden: [64, 64] }],
    ['unclipped, planar', { inputClip: null, contextual: 'planar' }],
    ['lists of panels, with few level columns', { context: 70, nullable: 10 }],
  ];
  it.each(contexts)('read only the levels that occur among many: %s', (_name, more) => {
    const plan = randomPlan({ ...typicalShape, couplings: 3, context: 300, nullable: 2, ...more });
    validatePlan(plan);
    const n = 75;
    const random = new Random(9);
    const rows = randomRows(plan, n, random);
    const width = plan.features + plan.context;
    const levels = (plan.context - (plan.context % 3)) / 3 - 1;
    // Three features of 99 levels each, or of 22; a row may have a value of its own in any column,
    // too.
    for (let i = 0; i < n; i++) {
      const own = rows.subarray(i * width + plan.features, (i + 1) * width - 3);
      if (i % 20 !== 7) own.fill(0);
      for (let k = 0; k < 3; k++) own[levels * k + Math.floor(levels * random.uniform())] = 1;
    }
    const { together, alone } = runKernel(plan, fused, rows, 'latent');
    const [scores, latents] = together(n);
    expect(worstOf(plan, rows, reference(plan, rows, n), scores)).toBeLessThanOrEqual(1);
    // Fewer rows than before leave nothing of those behind.
    expect([...together(17)[0]]).toEqual([...scores.subarray(0, 17)]);
    const singly = Array.from({ length: n }, (_, i) => alone(i));
    expect(singly.map(([score]) => score)).toEqual([...scores]);
    expect(singly.flatMap(([, latent]) => [...latent])).toEqual([...latents]);
    const [, gradients] = runKernel(plan, fused, rows, 'gradient').together(n);
    const off = reference(plan, rows, n).map((row, i) => {
      const exact = row.gradient();
      const size = 1e-3 + 1e-3 * Math.hypot(...exact);
      return Math.max(...exact.map((slope, j) => Math.abs(slope - gradients[i * plan.features + j]!) / size));
    });
    // A sum within rounding of a kink may fall on its other side.
    expect(off.filter((error) => !(error <= 1)).length).toBeLessThanOrEqual(1);
  });

  it.each([10, 100, 1e4, 1e8])('agree for rows %d times as far out', (factor) => {
    const typical = randomPlan(typicalShape);
    const n = 40;
    const rows = randomRows(typical, n, new Random(5), factor);
    const [scores] = runKernel(typical, fused, rows, 'score').together(n);
    reference(typical, rows, n).forEach(({ score }, i) => {
      expect(errorInTolerances(scores[i]!, score)).toBeLessThanOrEqual(1);
    });
  });
});
