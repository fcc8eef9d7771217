import type { Runner } from './our-engines.ts';

/** How long to measure. */
export interface Windows {
  readonly rounds: number;
  readonly milliseconds: number;
}

/** Rates of every runner at a batch size: windows in rounds over all runners, so that noise meets all alike. Runner → events/s. */
export async function measure(
  runners: readonly Runner[],
  batch: number,
  { rounds, milliseconds }: Windows,
): Promise<ReadonlyMap<Runner, number[]>> {
  const rates = new Map(runners.map((runner): [Runner, number[]] => [runner, []]));
  for (const runner of runners) await rateWithin(runner, batch, milliseconds);
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) rates.get(runner)?.push(await rateWithin(runner, batch, milliseconds));
  }
  return rates;
}

async function rateWithin(runner: Runner, batch: number, milliseconds: number): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  for (; elapsed < milliseconds; elapsed = performance.now() - start) {
    await runner.run(batch);
    calls++;
  }
  return (calls * batch * 1000) / elapsed;
}
