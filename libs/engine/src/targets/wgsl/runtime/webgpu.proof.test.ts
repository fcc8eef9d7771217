import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';
import fc from 'fast-check';

import type { Plan } from '../../../plan/plan.ts';
import { lowerFlow } from '../../../lower/flow.ts';
import { interpret } from '../../reference/interpreter.ts';
import { familyCases } from '../../../testing/family-cases.ts';
import type { FamilyCase } from '../../../testing/family-cases.ts';
import { startGpuChild } from '../../../testing/gpu-child.ts';
import { planShapes } from '../../../testing/plan-arbitrary.ts';
import { randomizeWeights } from '../../../testing/random-flow.ts';
import { randomPlan, randomRows, typicalShape } from '../../../testing/random-plan.ts';
import type { PlanShape } from '../../../testing/random-plan.ts';
import { errorInTolerances } from '../../../select/tolerance.ts';

const { gpu, probe } = await startGpuChild();
if (!probe.available && process.env.CI === 'true') throw new Error(`the tests need a Vulkan device: ${probe.reason}`);
if (!probe.available) console.warn(`skipped: ${probe.reason}`);

beforeAll(() => initBackend('cpu'));
afterAll(() => gpu.stop());

/** Largest error of the scores, in units of the tolerance. */
const worstError = (plan: Plan, rows: Float32Array, scores: ArrayLike<number>): number => {
  const width = plan.features + plan.context;
  const errors = Array.from(scores, (score, i) =>
    errorInTolerances(score, interpret(plan, rows.subarray(i * width, (i + 1) * width)).score),
  );
  return Math.max(0, ...errors);
};

(probe.available ? describe : describe.skip)('a plan as a compute shader', () => {
  const planOf = ({ make, size }: FamilyCase): Plan => {
    const flow = make({ features: 5, context: 3, presence: [null, null, 2, null, 2], seed: 1 });
    randomizeWeights(flow, 2, size);
    const plan = lowerFlow(flow);
    flow.dispose();
    return plan;
  };

  it.each(familyCases)('$name: scores as the reference does', async (family) => {
    const plan = planOf(family);
    const rows = randomRows(plan, 70, new Random(3));
    const [scores] = await gpu.ask({ plan, calls: [{ output: 'score', rows, n: 70 }] });
    expect(scores).toHaveLength(70);
    expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
  });

  it.each(familyCases.slice(2, 4))('$name: has the latents of the reference', async (family) => {
    const plan = planOf(family);
    const rows = randomRows(plan, 33, new Random(3));
    const [latents] = await gpu.ask({ plan, calls: [{ output: 'latent', rows, n: 33 }] });
    for (let i = 0; i < 33; i++) {
      interpret(plan, rows.subarray(i * 8, (i + 1) * 8)).latent.forEach((z, j) => {
        expect(Math.abs(z - latents![i * 5 + j]!)).toBeLessThan(1e-4 + 1e-5 * Math.abs(z));
      });
    }
  });

  it('scores couplings of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(planShapes(), fc.integer({ min: 1, max: 75 }), async (shape, n) => {
        const plan = randomPlan(shape);
        const rows = randomRows(plan, n, new Random(shape.seed));
        const [scores] = await gpu.ask({ plan, calls: [{ output: 'score', rows, n }] });
        expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 4 },
    );
  });

  it.each([
    ['one dimension', { features: 1, hidden: [3] }],
    ['64 dimensions, wide layers', { features: 64, hidden: [256, 256], couplings: 2 }],
    ['256 dimensions', { features: 256, hidden: [33, 64], couplings: 3 }],
    ['layers that no workgroup can hold', { features: 3, hidden: [9000], couplings: 1 }],
  ] satisfies [string, Partial<PlanShape>][])('agrees with the reference: %s', async (_name, shape) => {
    const plan = randomPlan({ ...typicalShape, ...shape });
    const n = 21;
    const rows = randomRows(plan, n, new Random(1));
    const [scores] = await gpu.ask({ plan, calls: [{ output: 'score', rows, n }] });
    expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
  });

  it('scores a row the same bits in any batch, at any place in it', async () => {
    const plan = randomPlan(typicalShape);
    const n = 300;
    const width = plan.features + plan.context;
    const rows = randomRows(plan, n, new Random(2));
    const parts = [
      [0, 1],
      [7, 8],
      [33, 97],
      [5, 300],
    ] as const;
    const calls = [[0, n] as const, ...parts].map(([from, to]) => ({
      output: 'score' as const,
      rows: rows.subarray(from * width, to * width),
      n: to - from,
    }));
    const [all, ...some] = await gpu.ask({ plan, calls });
    parts.forEach(([from, to], i) => expect([...some[i]!]).toEqual([...all!.subarray(from, to)]));
  });

  it('takes 65,537 rows, and none', async () => {
    const plan = randomPlan({ ...typicalShape, features: 2, context: 0, nullable: 0, couplings: 2, hidden: [4] });
    const n = 65_537;
    const rows = randomRows(plan, n, new Random(3));
    const [scores, none] = await gpu.ask({
      plan,
      calls: [
        { output: 'score', rows, n },
        { output: 'score', rows, n: 0 },
      ],
    });
    expect(none).toHaveLength(0);
    for (const first of [0, 32_000, 65_500]) {
      const last = Math.min(first + 40, n);
      expect(worstError(plan, rows.subarray(2 * first, 2 * last), scores!.subarray(first, last))).toBeLessThanOrEqual(
        1,
      );
    }
  });

  it.each([100, 1e8])('agrees for rows %d times as far out', async (factor) => {
    const plan = randomPlan(typicalShape);
    const rows = randomRows(plan, 40, new Random(5), factor);
    const [scores] = await gpu.ask({ plan, calls: [{ output: 'score', rows, n: 40 }] });
    expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
  });

  it('has NaN, infinities and missing values as every backend has them', async () => {
    const plan = randomPlan({ ...typicalShape, features: 2, couplings: 2 });
    const width = 4;
    const [presence] = plan.presence;
    const rows = randomRows(plan, 7, new Random(6));
    for (let i = 0; i < 7; i++) rows[i * width + 2 + presence!] = 1;
    const odd = rows.slice();
    rows[2 + presence!] = 0;
    odd[2 + presence!] = 0;
    odd[0] = NaN; // missing in row 0
    odd[width] = NaN;
    odd[2 * width + 1] = Infinity;
    odd[3 * width + 2 + (1 - presence!)] = -Infinity;
    odd[4 * width + 1] = 3e38;
    const [scores, plain, latents, gradients] = await gpu.ask({
      plan,
      calls: [
        { output: 'score', rows: odd, n: 7 },
        { output: 'score', rows, n: 7 },
        { output: 'latent', rows: odd, n: 7 },
        { output: 'gradient', rows, n: 7 },
      ],
    });
    expect(scores![0]).toBe(plain![0]);
    expect([...scores!.subarray(1, 5)]).toEqual([NaN, -Infinity, -Infinity, expect.any(Number)]);
    expect(scores![4]).toBeLessThan(-1e30);
    expect([...scores!.subarray(5)]).toEqual([...plain!.subarray(5)]);
    expect(latents![0]).toBe(0);
    expect([...latents!.subarray(2, 8)].every(Number.isNaN)).toBe(true);
    const exact = interpret(plan, rows.subarray(5 * width, 6 * width)).gradient();
    exact.forEach((slope, j) => expect(gradients![5 * 2 + j]).toBeCloseTo(slope, 2));
    expect(gradients![0]).toBe(0);
  });

  it('works within little workgroup memory, and in none at all', async () => {
    const plan = randomPlan({ ...typicalShape, couplings: 3 });
    const rows = randomRows(plan, 90, new Random(8));
    const calls = [{ output: 'score' as const, rows, n: 90 }];
    for (const workgroupBytes of [0, 8192]) {
      const [scores] = await gpu.ask({ plan, workgroupBytes, calls });
      expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
    }
  });
});
