import { setTimeout as sleep } from 'node:timers/promises';

import { quantile } from '../support/statistics.ts';
import type { Runner } from './runner.ts';

/** Number and length of the measuring windows, and what is taken of their rates. */
export interface Windows {
  readonly rounds: number;
  readonly milliseconds: number;
  /** Pause before a window, in which the previous runner's spinning threads fall asleep. */
  readonly settleMs: number;
  /** Quantile of the rates: 0.5 for the median. */
  readonly share: number;
}

/** A runner that needs longer than this for a window is measured in one more window only. */
const SLOW_MS = 1_000;
/** A window longer than this is the runner's only one: compilation at its start is negligible. */
const VERY_SLOW_MS = 3_000;

/**
 * Measures events per second of every runner at a batch size: a quantile over windows, in rounds
 * over all runners, so that noise affects ours and the peers' alike. The first window of each
 * runner is a warm-up.
 */
export async function measure(
  runners: readonly Runner[],
  batch: number,
  { rounds, milliseconds, settleMs, share }: Windows,
): Promise<ReadonlyMap<Runner, number>> {
  const measured = new Map<Runner, { readonly slow: boolean; readonly rates: number[] }>();
  for (const runner of runners) {
    const start = performance.now();
    const first = await runner.rate(batch, milliseconds);
    const elapsed = performance.now() - start;
    measured.set(runner, { slow: elapsed > VERY_SLOW_MS, rates: elapsed > VERY_SLOW_MS ? [first] : [] });
    // The first window may include compilation, so a slow runner is judged by its second.
    if (elapsed < SLOW_MS || elapsed > VERY_SLOW_MS) continue;
    const again = performance.now();
    const rate = await runner.rate(batch, milliseconds);
    measured.set(runner, { slow: performance.now() - again > SLOW_MS, rates: [rate] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [runner, { slow, rates }] of measured) {
      if (slow) continue;
      if (settleMs > 0) await sleep(settleMs);
      rates.push(await runner.rate(batch, milliseconds));
    }
  }
  return new Map([...measured].map(([runner, { rates }]) => [runner, quantile(rates, share)]));
}

/** Time in milliseconds from a fixed moment on. */
export type Clock = () => number;

export const wallClock: Clock = () => performance.now();

/** Processor time of this process, with all its threads, without what others run. */
export const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Events per second of a call by a clock, over a window of at least `milliseconds` of it. */
export async function rateWithin(
  run: (batch: number) => Promise<unknown>,
  batch: number,
  milliseconds: number,
  clock: Clock,
): Promise<number> {
  // A short window would be about the first call, which finds the caches of another engine.
  if (clock === processorClock) await run(batch);
  const start = clock();
  let calls = 0;
  let elapsed = 0;
  for (; elapsed < milliseconds; elapsed = clock() - start) {
    await run(batch);
    calls++;
  }
  return (calls * batch * 1000) / elapsed;
}
