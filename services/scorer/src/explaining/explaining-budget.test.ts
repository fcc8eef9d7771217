import { describe, expect, it } from '@jest/globals';

import { ExplainingBudget } from './explaining-budget.ts';

/** Explains as long as the budget allows, at `msPerRow`, and counts the rows. */
async function explainAll(budget: ExplainingBudget, clock: { ms: number }, msPerRow: number) {
  let explained = 0;
  for (let rows = budget.rows; rows > 0 && explained < 10_000; rows = budget.rows) {
    await budget.spend(rows, () => Promise.resolve((clock.ms += rows * msPerRow)));
    explained += rows;
  }
  return explained;
}

describe('the budget of explanations', () => {
  it('is a share of the time, and a quarter of a second at once', async () => {
    const clock = { ms: 0 };
    const budget = new ExplainingBudget(0.2, () => clock.ms);
    expect(budget.isFull).toBe(true);
    const burst = await explainAll(budget, clock, 2);
    expect(burst * 2).toBeGreaterThanOrEqual(250);
    expect(burst * 2).toBeLessThan(350);
    expect(budget.isFull).toBe(false);
    clock.ms += 1_000;
    const later = await explainAll(budget, clock, 2);
    expect(later * 2).toBeGreaterThan(150);
    expect(later * 2).toBeLessThan(300);
    clock.ms += 10_000;
    expect(budget.isFull).toBe(true);
  });

  it('explains one anomaly however long it takes, then pays for it', async () => {
    const clock = { ms: 0 };
    const budget = new ExplainingBudget(0.2, () => clock.ms);
    expect(await explainAll(budget, clock, 1_000)).toBe(1);
    clock.ms += 2_000;
    expect(budget.rows).toBe(0);
    clock.ms += 1_000;
    expect(budget.rows).toBe(1);
  });

  it('is nothing at a share of 0, and no bound at 1', async () => {
    const clock = { ms: 0 };
    const nothing = new ExplainingBudget(0, () => clock.ms);
    expect([nothing.isFull, nothing.rows]).toEqual([true, 0]);
    // An incident: all anomalies wait, and explanations that follow must not take half of the time.
    for (let i = 0; i < 20; i++) {
      clock.ms += 100;
      expect([nothing.rows, nothing.isFull]).toEqual([0, false]);
    }
    clock.ms += 3_000;
    expect(nothing.isFull).toBe(true);
    expect(await explainAll(new ExplainingBudget(1, () => clock.ms), clock, 5)).toBe(10_000);
  });
});
