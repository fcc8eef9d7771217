import { fit, Random, realNVP } from '@flowline/flows';

import { recipe } from './recipe.ts';

const ROWS = 64;
const STEPS = 10;

/**
 * Trains a tiny flow by the recipe and discards it. The first use of every tensor operation holds
 * the event loop far longer than any later one, so a process does this before it must answer.
 * @throws FlowError FLOWLINE_BACKEND_UNAVAILABLE unless a backend has been started.
 */
export async function warmUpTraining(): Promise<void> {
  const presence = [null, 0];
  const flow = realNVP({ ...recipe.flow, features: presence.length, context: 1, presence, seed: 1 });
  const random = new Random(1);
  const x = Float32Array.from({ length: presence.length * ROWS }, () => random.normal());
  const rows = { x, context: new Float32Array(ROWS).fill(1), size: ROWS };
  const steps = { steps: STEPS, validateEvery: STEPS, warmupSteps: 1, seed: 1 };
  try {
    await fit(flow, { train: rows, validation: rows }, { ...recipe.fit, ...steps });
  } finally {
    flow.dispose();
  }
}
