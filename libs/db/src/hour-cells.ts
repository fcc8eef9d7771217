import type { ScoreCell } from './score-cells.ts';

/** Intervals of one length, in order of time. */
export interface ScoreIntervals {
  /** Length of an interval. */
  readonly seconds: number;
  readonly cells: readonly ScoreCell[];
}

const HOUR_S = 3_600;
const HOUR_MS = 1_000 * HOUR_S;

/** Sums intervals by the hour; those of an hour or longer stay as they are. */
export function hourCells(intervals: ScoreIntervals): ScoreIntervals {
  if (intervals.seconds >= HOUR_S) return intervals;
  const hours = new Map<number, ScoreCell>();
  for (const cell of intervals.cells) {
    const startsMs = Math.floor(cell.startsMs / HOUR_MS) * HOUR_MS;
    const before = hours.get(startsMs);
    hours.set(startsMs, before === undefined ? { ...cell, startsMs } : sumOf(before, cell));
  }
  return { seconds: HOUR_S, cells: [...hours.values()] };
}

const sumOf = (a: ScoreCell, b: ScoreCell): ScoreCell => ({
  startsMs: a.startsMs,
  events: a.events + b.events,
  anomalies: a.anomalies + b.anomalies,
  expected: a.expected + b.expected,
  bitsSum: a.bitsSum + b.bitsSum,
  bitsMin: Math.min(a.bitsMin, b.bitsMin),
  bitsMax: Math.max(a.bitsMax, b.bitsMax),
  pCells: sumsOf(a.pCells, b.pCells),
  bitsCells: sumsOf(a.bitsCells, b.bitsCells),
});

/** Sums of two lists of counts, of which the shorter ends with zeros. */
const sumsOf = (a: readonly number[], b: readonly number[]): number[] =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, place) => (a.at(place) ?? 0) + (b.at(place) ?? 0));
