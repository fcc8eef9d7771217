import { at, type ScoredBatch } from '@flowline/events';

/** Scores of the events of an interval of event time. */
export interface ScoreCell {
  /** Start of the interval, in ms since 1970. */
  readonly startsMs: number;
  events: number;
  anomalies: number;
  /** Sum of the thresholds that decided. */
  expected: number;
  bitsSum: number;
  bitsMin: number;
  bitsMax: number;
  /** Events by p-value, in {@link P_CELLS} equal cells of [0, 1]. */
  readonly pCells: number[];
  /** Events by whole bits of surprise, as far as there are any. */
  readonly bitsCells: number[];
}

/** Cells of p-values. */
const P_CELLS = 20;
/** Cells of bits; the last has all that are beyond. */
const BITS_CELLS = 64;
/** Greatest surprise: that of the smallest p-value there is. */
const MOST_BITS = 1_074;
/** Lengths of intervals, in seconds. */
const WIDTHS = [60, 600, 3_600, 21_600, 86_400];
const LONGEST = 86_400;
/** Intervals per batch: of more, longer ones take their place, so that a batch stays cheap. */
const MOST_CELLS = 256;

/** Times that a chart can show: the years 100 to 9999. Events at any other are left out. */
const [EARLIEST_MS, END_MS] = [Date.UTC(100, 0), Date.UTC(10_000, 0)];
const isShown = (timeMs: number): boolean => timeMs >= EARLIEST_MS && timeMs < END_MS;

/** Columns of a batch from which its cells follow. */
export type CellBatch = Pick<ScoredBatch, 'size' | 'eventTimesMs' | 'pValues' | 'alpha' | 'discoveries'>;

/**
 * Sums the scores of a batch by interval of event time, from a row on: minutes, or longer ones up
 * to days if there would be more than 256 of them. Events at times that no chart shows are left
 * out.
 */
export function scoreCells(batch: CellBatch, firstRow: number): { readonly seconds: number; cells: ScoreCell[] } {
  const seconds = widthOf(batch, firstRow);
  const cells = new Map<number, ScoreCell>();
  for (let row = firstRow; row < batch.size; row++) {
    const timeMs = at(batch.eventTimesMs, row);
    if (!isShown(timeMs)) continue;
    const startsMs = startOf(timeMs, seconds);
    let cell = cells.get(startsMs);
    if (cell === undefined) cells.set(startsMs, (cell = emptyCell(startsMs)));
    const threshold = batch.discoveries === undefined ? batch.alpha : at(batch.discoveries.thresholds, row);
    add(cell, at(batch.pValues, row), threshold);
  }
  return { seconds, cells: [...cells.values()].sort((a, b) => a.startsMs - b.startsMs) };
}

function widthOf({ size, eventTimesMs }: CellBatch, firstRow: number): number {
  return (
    WIDTHS.find((seconds) => {
      const starts = new Set<number>();
      for (let row = firstRow; row < size && starts.size <= MOST_CELLS; row++)
        if (isShown(at(eventTimesMs, row))) starts.add(startOf(at(eventTimesMs, row), seconds));
      return starts.size <= MOST_CELLS;
    }) ?? LONGEST
  );
}

const startOf = (timeMs: number, seconds: number): number => Math.floor(timeMs / (1_000 * seconds)) * 1_000 * seconds;

const emptyCell = (startsMs: number): ScoreCell => ({
  ...{ startsMs, events: 0, anomalies: 0, expected: 0, bitsSum: 0, bitsMin: Infinity, bitsMax: 0 },
  ...{ pCells: Array<number>(P_CELLS).fill(0), bitsCells: [] },
});

function add(cell: ScoreCell, pValue: number, threshold: number): void {
  const bits = Math.min(MOST_BITS, -Math.log2(pValue));
  cell.events++;
  if (pValue <= threshold) cell.anomalies++;
  cell.expected += threshold;
  cell.bitsSum += bits;
  cell.bitsMin = Math.min(cell.bitsMin, bits);
  cell.bitsMax = Math.max(cell.bitsMax, bits);
  const ofP = Math.min(P_CELLS - 1, Math.floor(pValue * P_CELLS));
  cell.pCells[ofP] = at(cell.pCells, ofP) + 1;
  const ofBits = Math.min(BITS_CELLS - 1, Math.max(0, Math.floor(bits)));
  while (cell.bitsCells.length <= ofBits) cell.bitsCells.push(0);
  cell.bitsCells[ofBits] = at(cell.bitsCells, ofBits) + 1;
}
