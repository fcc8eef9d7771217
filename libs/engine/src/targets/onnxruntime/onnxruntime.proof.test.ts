import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initBackend, Random } from '@flowline/flows';
import fc from 'fast-check';

import { interpret } from '../reference/interpreter.ts';
import { lowerFlow } from '../../lower/flow.ts';
import type { Plan } from '../../plan/plan.ts';
import { errorInTolerances } from '../../select/tolerance.ts';
import { familyCases } from '../../testing/family-cases.ts';
import type { FamilyCase } from '../../testing/family-cases.ts';
import { startOnnxRuntimeChild } from '../../testing/onnxruntime-child.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { randomPlan, randomRows, typicalShape } from '../../testing/random-plan.ts';
import type { PlanShape } from '../../testing/random-plan.ts';

const ort = await startOnnxRuntimeChild();
afterAll(() => ort?.stop());
beforeAll(() => initBackend('cpu'));

/** The calling thread alone; with another; two beside it. */
const threadings = [
  { threads: 1, offThread: false },
  { threads: 2, offThread: false },
  { threads: 2, offThread: true },
] as const;
const [alone, , beside] = threadings;

const rowsOf = (plan: Plan, rows: Float32Array, from: number, n: number): Float32Array => {
  const width = plan.features + plan.context;
  return rows.subarray(from * width, (from + n) * width);
};

/** Largest error of the scores, in units of the tolerance. */
const worstError = (plan: Plan, rows: Float32Array, scores: ArrayLike<number>): number =>
  Math.max(
    0,
    ...Array.from(scores, (score, i) => errorInTolerances(score, interpret(plan, rowsOf(plan, rows, i, 1)).score)),
  );

const planOf = ({ make, size }: FamilyCase, features: number): Plan => {
  const presence = Array.from({ length: features }, (_, i) => (i % 3 === 2 ? 2 : null));
  const flow = make({ features, context: 3, presence, seed: 1 });
  randomizeWeights(flow, 2, size);
  const plan = lowerFlow(flow);
  flow.dispose();
  return plan;
};

(ort === null ? describe.skip : describe)('the onnxruntime backend', () => {
  it.each(familyCases)('$name: scores and latents are those of the reference', async (family) => {
    const plan = planOf(family, 5);
    const n = 70;
    const rows = randomRows(plan, n, new Random(3));
    const calls = [
      { output: 'score', rows, n },
      { output: 'latent', rows, n },
    ] as const;
    const [scores, latents] = await ort!.ask({ plan, options: alone, calls });
    expect(scores).toHaveLength(n);
    expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
    for (let i = 0; i < n; i++) {
      interpret(plan, rowsOf(plan, rows, i, 1)).latent.forEach((z, j) => {
        expect(Math.abs(z - latents![i * 5 + j]!)).toBeLessThan(1e-4 + 1e-5 * Math.abs(z));
      });
    }
  });

  it.each(familyCases)('$name: a row has the same bits in any batch, at any place, on any thread', async (family) => {
    // Seven features: no tensor ends with a vector of the processor.
    const plan = planOf(family, 7);
    const n = 4096;
    const rows = randomRows(plan, n, new Random(4));
    const parts = [
      [0, 1],
      [7, 1],
      [3, 16],
      [5, 256],
      [4094, 2],
    ] as const;
    const calls = (['score', 'latent'] as const).flatMap((output) =>
      [[0, n] as const, ...parts].map(([from, count]) => ({
        output,
        rows: rowsOf(plan, rows, from, count),
        n: count,
      })),
    );
    const results = [];
    for (const options of threadings) results.push(await ort!.ask({ plan, options, calls }));
    const [first] = results;
    expect(worstError(plan, rows.subarray(0, 40 * 10), first![0]!.subarray(0, 40))).toBeLessThanOrEqual(1);
    for (const [scores, ...others] of results) {
      expect(scores).toEqual(first![0]);
      parts.forEach(([from, count], i) => expect(others[i]).toEqual(scores!.subarray(from, from + count)));
      const latents = others[parts.length]!;
      parts.forEach(([from, count], i) =>
        expect(others[parts.length + 1 + i]).toEqual(latents.subarray(from * 7, (from + count) * 7)),
      );
    }
  });

  it('scores couplings of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        planShapes(),
        fc.integer({ min: 1, max: 75 }),
        fc.constantFrom(...threadings),
        async (shape, n, options) => {
          const plan = randomPlan(shape);
          const rows = randomRows(plan, n, new Random(shape.seed));
          const [scores] = await ort!.ask({ plan, options, calls: [{ output: 'score', rows, n }] });
          expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    ['one dimension', { features: 1, hidden: [3] }],
    ['64 dimensions, wide layers, chunks on two threads', { features: 64, hidden: [256, 256], couplings: 4 }],
    ['256 dimensions', { features: 256, hidden: [33, 64], couplings: 3 }],
  ] satisfies [string, Partial<PlanShape>][])('agrees with the reference: %s', async (_name, shape) => {
    const plan = randomPlan({ ...typicalShape, ...shape });
    const n = 500;
    const rows = randomRows(plan, n, new Random(1));
    for (const options of threadings) {
      const [scores] = await ort!.ask({ plan, options, calls: [{ output: 'score', rows, n }] });
      for (const from of [0, 250, 480]) {
        const found = scores!.subarray(from, from + 20);
        expect(worstError(plan, rowsOf(plan, rows, from, 20), found)).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([100, 1e8])('agrees for rows %d times as far out', async (factor) => {
    const plan = randomPlan(typicalShape);
    const rows = randomRows(plan, 40, new Random(5), factor);
    const [scores] = await ort!.ask({ plan, options: alone, calls: [{ output: 'score', rows, n: 40 }] });
    expect(worstError(plan, rows, scores!)).toBeLessThanOrEqual(1);
  });

  it('has NaN, infinities and missing values as every backend has them, and gradients of WebAssembly', async () => {
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
    const [scores, plain, latents, gradients, none] = await ort!.ask({
      plan,
      options: beside,
      calls: [
        { output: 'score', rows: odd, n: 7 },
        { output: 'score', rows, n: 7 },
        { output: 'latent', rows: odd, n: 7 },
        { output: 'gradient', rows, n: 7 },
        { output: 'score', rows, n: 0 },
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
    expect(none).toHaveLength(0);
  });
});
