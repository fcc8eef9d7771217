import { setTimeout as sleep } from 'node:timers/promises';

import { median } from '../support/statistics.ts';
import type { Runner } from './runner.ts';

/** How long to measure. */
export interface Windows {
  readonly rounds: number;
  readonly milliseconds: number;
}

/** Threads of the runner before may still be looking for work: they fall asleep meanwhile. */
const SETTLE_MS = 50;
/** A runner that needs so long for one window has another, and no more. */
const SLOW_MS = 1_000;
/** In so long a window what is compiled at its beginning does not count: it is the only one. */
const VERY_SLOW_MS = 3_000;

/**
 * Events per second of every runner at a batch size: the median of windows in rounds over all runners, ours and the peers' alike, so that
 * noise meets all of them. The first window of each is not counted.
 */
export async function measure(
  runners: readonly Runner[],
  batch: number,
  { rounds, milliseconds }: Windows,
): Promise<ReadonlyMap<Runner, number>> {
  const measured = new Map<Runner, { readonly slow: boolean; readonly rates: number[] }>();
  for (const runner of runners) {
    const start = performance.now();
    const first = await runner.rate(batch, milliseconds);
    const elapsed = performance.now() - start;
    measured.set(runner, { slow: elapsed > VERY_SLOW_MS, rates: elapsed > VERY_SLOW_MS ? [first] : [] });
    // The first window may have compiled: what is slow shows in the second.
    if (elapsed < SLOW_MS || elapsed > VERY_SLOW_MS) continue;
    const again = performance.now();
    const rate = await runner.rate(batch, milliseconds);
    measured.set(runner, { slow: performance.now() - again > SLOW_MS, rates: [rate] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [runner, { slow, rates }] of measured) {
      if (slow) continue;
      await sleep(SETTLE_MS);
      rates.push(await runner.rate(batch, milliseconds));
    }
  }
  return new Map([...measured].map(([runner, { rates }]) => [runner, median(rates)]));
}

/** Events per second of a call, over a window of at least so long. */
export async function rateWithin(
  run: (batch: number) => Promise<unknown>,
  batch: number,
  milliseconds: number,
): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  for (; elapsed < milliseconds; elapsed = performance.now() - start) {
    await run(batch);
    calls++;
  }
  return (calls * batch * 1000) / elapsed;
}
