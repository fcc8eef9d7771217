import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';

import { createWasmPoolScorer } from './wasm-pool.ts';
import { createWasmScorer } from './wasm.ts';
import type { Scorer } from '../../../scorer.ts';
import { randomPlan, randomRows, typicalShape } from '../../../testing/random-plan.ts';

const plan = randomPlan({ ...typicalShape, features: 7, couplings: 5, hidden: [24, 24], residual: true, seed: 11 });
const ROWS = 5000;
const rows = randomRows(plan, ROWS, new Random(12));

describe.each([
  { threads: 2, offThread: false },
  { threads: 4, offThread: false },
  { threads: 1, offThread: true },
  { threads: 3, offThread: true },
])('a pool of $threads threads, off the calling one: $offThread', ({ threads, offThread }) => {
  let one: Scorer;
  let pool: Scorer;
  beforeAll(async () => {
    one = await createWasmScorer(plan);
    pool = await createWasmPoolScorer(plan, { threads, offThread });
  });
  afterAll(() => {
    one.dispose();
    pool.dispose();
  });

  it.each([1, 95, 96, 97, 1000, ROWS])('scores %d rows as one thread does, bit for bit', async (n) => {
    expect([...(await pool.score(rows, n))]).toEqual([...(await one.score(rows, n))]);
    expect([...(await pool.latent(rows, n))]).toEqual([...(await one.latent(rows, n))]);
    expect([...(await pool.gradient(rows, n))]).toEqual([...(await one.gradient(rows, n))]);
  });

  it('stays exact over many jobs of different sizes, with calls that overlap', async () => {
    const expected = await one.score(rows, ROWS);
    const width = plan.features + plan.context;
    const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * 97) % 600));
    const answers = await Promise.all(
      sizes.map((n, i) => pool.score(rows.subarray((i % 50) * width, ((i % 50) + n) * width), n)),
    );
    answers.forEach((scores, i) => {
      expect([...scores]).toEqual([...expected.subarray(i % 50, (i % 50) + sizes[i]!)]);
    });
  });
});

describe('a pool beside the calling thread', () => {
  it('leaves that thread free while it scores', async () => {
    const pool = await createWasmPoolScorer(plan, { threads: 1, offThread: true });
    const many = randomRows(plan, 60_000, new Random(13));
    let turns = 0;
    let scored = false;
    const turn = (): void => {
      if (scored) return;
      turns++;
      setImmediate(turn);
    };
    setImmediate(turn);
    await pool.score(many, 60_000);
    scored = true;
    expect(turns).toBeGreaterThan(20);
    pool.dispose();
  });
});

describe('the end of a pool', () => {
  it('refuses calls, and does not keep the process', async () => {
    const pool = await createWasmPoolScorer(plan, { threads: 3 });
    pool.dispose();
    await expect(pool.score(rows, 10)).rejects.toMatchObject({ code: 'FLOWLINE_USAGE' });
  });
});
