import { expect, it } from '@jest/globals';

import { LEAST_WINDOWS, measureSteps } from './measure-steps.ts';
import type { StepRunner } from './step-runners.ts';

it('takes medians over rounds, in turn, after a warm-up of each', async () => {
  const calls: string[] = [];
  const runner = (engine: StepRunner['engine'], times: number[]): StepRunner => ({
    engine,
    threads: 1,
    msPerStep: () => {
      calls.push(engine);
      return Promise.resolve(times.shift() ?? NaN);
    },
  });
  const runners = [runner('tfjs-wasm', [900, 5, 1, 6]), runner('jax', [0, 2, 2, 9])];
  const measured = await measureSteps(runners, 256, { rounds: 3, windowMs: 10, budgetMs: 1000 });
  expect([...measured.values()]).toEqual([5, 2]);
  expect(calls).toEqual(['tfjs-wasm', 'jax', 'tfjs-wasm', 'jax', 'tfjs-wasm', 'jax', 'tfjs-wasm', 'jax']);
});

it('spends no more than its budget on a slow engine, and gives it the least number of windows', async () => {
  let windows = -1; // the warm-up
  const slow: StepRunner = { engine: 'tensorflow', threads: 2, msPerStep: () => Promise.resolve(++windows) };
  await measureSteps([slow], 256, { rounds: 9, windowMs: 10, budgetMs: -1 });
  expect(windows).toBe(LEAST_WINDOWS);
});
