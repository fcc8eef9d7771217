import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { atOnce } from '@flowline/events';
import { initBackend, Random } from '@flowline/flows';
import fc from 'fast-check';

import type { GraphForm } from './onnx-graph.ts';
import { rowsExport } from './rows.ts';
import type { RowOutput } from './rows.ts';
import { lowerFlow } from '../../lower/flow.ts';
import type { Plan } from '../../plan/plan.ts';
import { conditionOf, errorInTolerances, toleranceOf } from '../../select/tolerance.ts';
import { familyCases } from '../../testing/family-cases.ts';
import { startOnnxChild } from '../../testing/onnx-child.ts';
import { planShapes } from '../../testing/plan-arbitrary.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { randomPlan, randomRows, typicalShape } from '../../testing/random-plan.ts';
import type { PlanShape } from '../../testing/random-plan.ts';
import { interpret } from '../reference/interpreter.ts';

const ort = await startOnnxChild();
afterAll(() => ort?.stop());

const forms: readonly GraphForm[] = ['portable', 'products', 'channels'];

/** Runs the export of a plan. */
const run = async (plan: Plan, output: RowOutput, form: GraphForm, rows: Float32Array, n: number) => {
  const feeds = { rows: { type: 'float32' as const, data: rows, dims: [n, plan.features + plan.context] } };
  const results = await ort!.ask({ model: atOnce(rowsExport(plan, output, form)), feeds });
  return results[output]!;
};

const expectScores = async (plan: Plan, form: GraphForm, n: number): Promise<void> => {
  const width = plan.features + plan.context;
  const rows = randomRows(plan, n, new Random(3));
  const { data, dims } = await run(plan, 'score', form, rows, n);
  expect(dims).toEqual([n, 1]);
  for (let i = 0; i < n; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    const exact = interpret(plan, row);
    if (errorInTolerances(data[i]!, exact.score) <= 1) continue;
    // Random maps may be steep, and then the rounding of a row moves its score by more.
    const condition = conditionOf(row.subarray(0, plan.features), exact.gradient());
    expect(Math.abs(data[i]! - exact.score)).toBeLessThanOrEqual(toleranceOf(exact.score) + condition);
  }
};

(ort === null ? describe.skip : describe).each(forms)('rows exported in the form %s', (form) => {
  beforeAll(() => initBackend('cpu'));

  it.each(familyCases)('$name: scores and latents are those of the reference', async ({ make, size }) => {
    const flow = make({ features: 5, context: 3, presence: [null, null, 2, null, 2], seed: 1 });
    randomizeWeights(flow, 2, size);
    const plan = lowerFlow(flow);
    flow.dispose();
    await expectScores(plan, form, 32);
    const rows = randomRows(plan, 16, new Random(4));
    const { data, dims } = await run(plan, 'latent', form, rows, 16);
    expect(dims).toEqual([16, 5]);
    for (let i = 0; i < 16; i++) {
      interpret(plan, rows.subarray(i * 8, (i + 1) * 8)).latent.forEach((z, j) => {
        expect(Math.abs(z - data[i * 5 + j]!)).toBeLessThan(1e-4 + 1e-5 * Math.abs(z));
      });
    }
  });

  it('scores couplings of any shape', async () => {
    await fc.assert(
      fc.asyncProperty(planShapes(), fc.integer({ min: 1, max: 40 }), (shape, n) =>
        expectScores(randomPlan(shape), form, n),
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    ['one feature, without a context', { features: 1, context: 0, nullable: 0, hidden: [3] }],
    ['inputs and layers that fill no block of channels', { features: 43, context: 5, hidden: [33, 70] }],
    ['residual layers that fill no block', { features: 37, hidden: [20, 20, 20], residual: true }],
    ['linear maps that fill no block', { features: 21, mixing: true, couplings: 2 }],
    ['two networks beside each other', { features: 40, networks: 'separate', hidden: [20] }],
    ['more inputs than a product adds at once', { features: 301, couplings: 2, hidden: [131] }],
  ] satisfies [string, Partial<PlanShape>][])('scores %s', async (_name, shape) => {
    await expectScores(randomPlan({ ...typicalShape, ...shape }), form, 20);
  });
});
