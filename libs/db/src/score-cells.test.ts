import { describe, expect, it } from '@jest/globals';

import { type CellBatch, scoreCells } from './score-cells.ts';

const MINUTE_MS = 60_000;

const batchOf = (events: readonly { readonly minute: number; readonly p: number }[]): CellBatch => ({
  size: events.length,
  eventTimesMs: Float64Array.from(events, ({ minute }) => minute * MINUTE_MS + 1),
  pValues: Float64Array.from(events, ({ p }) => p),
  alpha: 0.01,
});

describe('scoreCells', () => {
  it('sums events by minute, in order, with their range of bits', () => {
    const { seconds, cells } = scoreCells(
      batchOf([
        { minute: 2, p: 0.5 },
        { minute: 1, p: 0.25 },
        { minute: 2, p: 2 ** -10 },
      ]),
      0,
    );
    expect(seconds).toBe(60);
    expect(cells.map(({ startsMs, events, anomalies }) => [startsMs / MINUTE_MS, events, anomalies])).toEqual([
      [1, 1, 0],
      [2, 2, 1],
    ]);
    expect(cells.at(1)).toMatchObject({ bitsMin: 1, bitsMax: 10, bitsSum: 11, expected: 0.02 });
  });

  it('counts by cell of the p-value and by whole bits', () => {
    const { cells } = scoreCells(batchOf([1, 0.051, 0.049, 2 ** -3, 0].map((p) => ({ minute: 0, p }))), 0);
    const [cell] = cells;
    expect(cell?.pCells.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect([cell?.pCells.at(0), cell?.pCells.at(1), cell?.pCells.at(-1)]).toEqual([2, 1, 1]);
    expect([cell?.bitsCells.at(0), cell?.bitsCells.at(3), cell?.bitsCells.at(63)]).toEqual([1, 1, 1]);
    // A p-value of 0 has finitely many bits: JSON and Postgres have no infinity here.
    expect(cell?.bitsMax).toBe(1_074);
  });

  it('passes over the rows that are stored already', () => {
    const { cells } = scoreCells(
      batchOf([
        { minute: 0, p: 0.5 },
        { minute: 1, p: 0.5 },
      ]),
      1,
    );
    expect(cells.map(({ startsMs }) => startsMs / MINUTE_MS)).toEqual([1]);
  });

  it('takes longer intervals for a batch whose events lie far apart, so that it stays cheap', () => {
    const apart = (minutes: number) =>
      batchOf(Array.from({ length: 400 }, (_, i) => ({ minute: i * minutes, p: 0.5 })));
    expect(scoreCells(apart(1), 0)).toMatchObject({ seconds: 600 });
    expect(scoreCells(apart(60), 0)).toMatchObject({ seconds: 21_600 });
    const { seconds, cells } = scoreCells(apart(1_440), 0);
    expect([seconds, cells.length]).toEqual([86_400, 400]);
  });

  it('leaves out times that no chart shows, which Postgres may not have either', () => {
    const times = { eventTimesMs: Float64Array.of(-8.64e15, 8.64e15, 5) };
    const { seconds, cells } = scoreCells({ ...batchOf([1, 2, 3].map(() => ({ minute: 0, p: 0.5 }))), ...times }, 0);
    expect([seconds, cells.map(({ events }) => events)]).toEqual([60, [1]]);
  });

  it('expects by the thresholds that decided, where each event has its own', () => {
    const batch = {
      ...batchOf([
        { minute: 0, p: 0.02 },
        { minute: 0, p: 0.02 },
      ]),
    };
    const discoveries = { thresholds: Float64Array.of(0.05, 0.01) } as NonNullable<CellBatch['discoveries']>;
    expect(scoreCells({ ...batch, discoveries }, 0).cells).toMatchObject([
      { anomalies: 1, expected: 0.060000000000000005 },
    ]);
  });
});
