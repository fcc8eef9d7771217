import { describe, expect, it } from '@jest/globals';

import { hourCells } from './hour-cells.ts';
import { scoreCells } from './score-cells.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

/** Intervals of events at hours from the start, with their p-values. */
function cellsOf(events: readonly (readonly [number, number])[]) {
  const batch = {
    ...{ size: events.length, alpha: 0.01 },
    eventTimesMs: Float64Array.from(events, ([hours]) => START_MS + hours * HOUR_MS),
    pValues: Float64Array.from(events, ([, p]) => p),
  };
  return scoreCells(batch, 0);
}

describe('hours of intervals', () => {
  it('have the events of their minutes', () => {
    const minutes = cellsOf([
      [0.1, 0.5],
      [0.1, 0.001],
      [0.9, 1],
      [1.5, 0.25],
    ]);
    expect(minutes).toMatchObject({ seconds: 60, cells: [{ events: 2 }, { events: 1 }, { events: 1 }] });
    const { seconds, cells } = hourCells(minutes);
    expect([seconds, cells.map(({ startsMs }) => startsMs)]).toEqual([3_600, [START_MS, START_MS + HOUR_MS]]);
    const [first, second] = cells;
    expect(first).toMatchObject({ events: 3, anomalies: 1, bitsMax: -Math.log2(0.001) });
    expect(first?.bitsMin).toBeCloseTo(0, 12);
    expect(first?.expected).toBeCloseTo(0.03, 12);
    expect(first?.bitsSum).toBeCloseTo(1 - Math.log2(0.001), 12);
    expect(first?.bitsCells).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(first?.pCells.map((count, i) => [i, count]).filter(([, count]) => count !== 0)).toEqual([
      [0, 1],
      [10, 1],
      [19, 1],
    ]);
    expect(second).toMatchObject({ events: 1, anomalies: 0, bitsMin: 2, bitsMax: 2 });
  });

  it('leave the intervals that they are summed from as they were', () => {
    const minutes = cellsOf([
      [0.1, 0.5],
      [0.9, 1],
    ]);
    const before = structuredClone(minutes);
    hourCells(minutes);
    expect(minutes).toEqual(before);
  });

  it('are those that are as long already, or longer', () => {
    const sparse = cellsOf(Array.from({ length: 300 }, (_, day) => [24 * day, 0.5] as const));
    expect(sparse.seconds).toBeGreaterThan(3_600);
    expect(hourCells(sparse)).toBe(sparse);
  });
});
