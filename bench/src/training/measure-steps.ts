import { setTimeout as sleep } from 'node:timers/promises';

import { median } from '../support/statistics.ts';
import type { StepRunner } from './step-runners.ts';

/** Number and length of the measuring windows. */
export interface StepWindows {
  readonly rounds: number;
  readonly windowMs: number;
  /** A runner that has had so much time, and {@link LEAST_WINDOWS}, takes no further part. */
  readonly budgetMs: number;
}

/** Windows that every runner gets, however slow. */
export const LEAST_WINDOWS = 3;
/** Pause in which the previous runner's spinning threads fall asleep. */
const SETTLE_MS = 50;

/**
 * Measures the milliseconds per step of every runner at a batch size: the median over windows, in
 * rounds over all runners, so that noise affects ours and the peers' alike. The first window of
 * each runner is a warm-up.
 */
export async function measureSteps(
  runners: readonly StepRunner[],
  batch: number,
  { rounds, windowMs, budgetMs }: StepWindows,
): Promise<ReadonlyMap<StepRunner, number>> {
  for (const runner of runners) await runner.msPerStep(batch, windowMs);
  const measured = new Map(runners.map((runner) => [runner, { spentMs: 0, times: [] as number[] }]));
  for (let round = 0; round < rounds; round++) {
    for (const [runner, found] of measured) {
      if (found.spentMs > budgetMs && found.times.length >= LEAST_WINDOWS) continue;
      await sleep(SETTLE_MS);
      const startMs = performance.now();
      found.times.push(await runner.msPerStep(batch, windowMs));
      found.spentMs += performance.now() - startMs;
    }
  }
  return new Map([...measured].map(([runner, { times }]) => [runner, median(times)]));
}
