import { expect, it } from '@jest/globals';

import { verdicts, type EngineRow } from './verdicts.ts';

const row = (engine: string, batch: number, threads: number, eventsPerSecond: number): EngineRow => ({
  engine,
  model: 'd10',
  batch,
  threads,
  eventsPerSecond,
  gflops: eventsPerSecond / 1e4,
});

it('compares rates of equal batch and threads, and leaves out what was not measured', () => {
  const rows = [16, 256, 4096].map((batch) => row('flowline-wasm', batch, 1, 500_000));
  expect(verdicts(rows, 100)).toEqual([
    { claim: 'least share of peak at batch 16 and more', measured: 0.5, wanted: 0.35 },
  ]);
  rows.push(row('jax', 16, 1, 250_000), row('jax', 256, 2, 1e6), row('flowline-wasm-pool', 256, 2, 1.2e6));
  expect(verdicts(rows, null).map(({ measured }) => measured)).toEqual([2, 1.2]);
});

it("takes auto's least lead over the fastest peer on as many threads, for either size", () => {
  const d64 = (...of: Parameters<typeof row>): EngineRow => ({ ...row(...of), model: 'd64' });
  const rows = [1, 16, 256, 4096].flatMap((batch) => [
    d64('auto', batch, 2, batch === 256 ? 90_000 : 150_000),
    d64('auto', batch, 1, 1e6),
    d64('onnxruntime-node', batch, 2, 100_000),
    d64('jax', batch, 2, 120_000),
  ]);
  expect(verdicts(rows, null)).toEqual([
    {
      claim: 'times the fastest peer, auto on 2 threads, least of all batch sizes, d64',
      measured: 0.75,
      wanted: 1,
    },
  ]);
});
