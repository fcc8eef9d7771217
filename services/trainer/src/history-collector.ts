import type { HistoryBatch, HistoryDay } from '@flowline/db';
import { at, missing, type Steps } from '@flowline/events';
import { ascendingOrder, type ColumnTable, inOrder } from '@flowline/features';
import { Random } from '@flowline/flows';

import { DayCounter } from './history-days.ts';
import type { HistoryReader } from './history-reader.ts';
import { RejectionsByDay } from './history-rejections.ts';

/** Rows of a history that are wanted. */
export interface CollectorOptions {
  /** Start of the range: earlier rows only serve as past, and are not counted (default: none). */
  readonly fromMs?: number;
  /** Start of the rows that are wanted (default: that of the range). */
  readonly wantedFromMs?: number;
  /** Duration after the first row in which rows only serve as past (default 0). */
  readonly fillMs?: number;
  /** Maximum rows, if the collector is to thin them; `totalRows` must be set then. */
  readonly maxRows?: number;
  /** Seed of the choice of rows (default 0). */
  readonly seed?: number;
}

/** Rows of a history within a range. */
interface CollectedRows {
  readonly table: ColumnTable;
  readonly timesMs: Float64Array;
  readonly rowsRead: number;
}

/**
 * Collects the rows of a history, and counts them by day. Rows may come in any order, unless
 * windows or thinning depend on it.
 */
export class HistoryCollector {
  readonly rejections = new RejectionsByDay();
  /** Number of rows that are wanted, before they are thinned. */
  totalRows = 0;
  readonly #reader: HistoryReader;
  readonly #options: CollectorOptions;
  readonly #days = new DayCounter();
  readonly #times: Float64Array[] = [];
  #wantedFromMs: number;
  #rowsRead = 0;
  #excluded = 0;
  #wanted = 0;
  #isBegun = false;
  readonly #random: Random;
  /** Stretch of the wanted rows, and the row of it that is kept. */
  #stretch = -1;
  #chosen = -1;

  constructor(reader: HistoryReader, options: CollectorOptions = {}) {
    this.#reader = reader;
    this.#options = options;
    this.#random = new Random(options.seed ?? 0).fork('thinning');
    this.#wantedFromMs = options.wantedFromMs ?? options.fromMs ?? -Infinity;
  }

  /** Rows read so far. */
  get rowsRead(): number {
    return this.#rowsRead;
  }

  /** Rows so far that are left out because their event is excluded from training. */
  get excluded(): number {
    return this.#excluded;
  }

  /** Days of the rows so far, from the start of the range on. */
  days(): readonly HistoryDay[] {
    return this.#days.days();
  }

  /** Adds rows. @param timesMs times of the rows, as those of events. */
  add(batch: HistoryBatch, timesMs: Float64Array): void {
    if (batch.size === 0) return;
    const { fromMs = -Infinity, fillMs = 0 } = this.#options;
    if (!this.#isBegun && fillMs > 0) this.#wantedFromMs = Math.max(this.#wantedFromMs, at(timesMs, 0) + fillMs);
    this.#isBegun = true;
    this.#days.add(batch.timesMs, batch.size, fromMs);
    this.#rowsRead += batch.size;
    const kept = this.#keptRows(timesMs);
    const isKept = kept === null ? null : (row: number) => kept[row] === 1;
    const { accepted, faults, excluded } = this.#reader.read(batch, timesMs, isKept);
    this.#excluded += excluded;
    for (const fault of faults) {
      const timeMs = at(timesMs, fault.index);
      if (timeMs >= this.#wantedFromMs) this.rejections.add(timeMs, fault);
    }
    this.#times.push(timesAt(timesMs, accepted));
  }

  /**
   * The rows from one time to another, in order of time, in steps. The collector must not be used
   * afterwards.
   */
  *rowsWithin(fromMs: number, toMs: number): Steps<CollectedRows> {
    const timesMs = yield* this.#rowsInOrder();
    const table = this.#reader.builder.table();
    const isWhole = timesMs.length === 0 || (at(timesMs, 0) >= fromMs && at(timesMs, timesMs.length - 1) <= toMs);
    if (isWhole) return { table, timesMs, rowsRead: this.#rowsRead };
    const start = timesMs.findIndex((time) => time >= fromMs);
    const end = timesMs.findLastIndex((time) => time <= toMs) + 1;
    const days = this.#days.days().filter(({ firstMs, lastMs }) => lastMs >= fromMs && firstMs <= toMs);
    return {
      table: table.slice(start, end),
      timesMs: timesMs.subarray(start, end),
      rowsRead: days.reduce((sum, { rows }) => sum + rows, 0),
    };
  }

  /** Puts the rows of the table in order of time, and returns their times. */
  *#rowsInOrder(): Steps<Float64Array> {
    const { builder } = this.#reader;
    const timesMs = new Float64Array(builder.size);
    let row = 0;
    for (const times of this.#times) {
      timesMs.set(times, row);
      row += times.length;
      yield;
    }
    this.#times.length = 0;
    const order = yield* ascendingOrder(timesMs);
    if (order === null) return timesMs;
    yield* builder.reorder(order);
    return yield* inOrder(timesMs, order);
  }

  /** 1 for each row that becomes a row of the table; null if all do. */
  #keptRows(timesMs: Float64Array): Uint8Array | null {
    const { maxRows } = this.#options;
    if (this.#wantedFromMs === -Infinity && maxRows === undefined) return null;
    return Uint8Array.from(timesMs, (timeMs) => {
      if (timeMs < this.#wantedFromMs) return 0;
      return maxRows === undefined || this.#isChosen(this.#wanted++, maxRows) ? 1 : 0;
    });
  }

  /**
   * True for one random row of each of `maxRows` stretches of the wanted rows, which have equally
   * many: row r (from 0) lies in stretch floor(r·max/total). A fixed one would be the same of ten
   * sensors that report in turn.
   */
  #isChosen(row: number, maxRows: number): boolean {
    const total = this.totalRows;
    const most = Math.min(maxRows, total);
    const stretch = Math.floor((row * most) / total);
    if (stretch !== this.#stretch) {
      const [start, end] = [stretch, stretch + 1].map((each) => Math.ceil((each * total) / most)) as [number, number];
      this.#stretch = stretch;
      this.#chosen = start + Math.floor(this.#random.uniform() * (end - start));
    }
    return row === this.#chosen;
  }
}

/** Times of some rows. */
function timesAt(timesMs: Float64Array, rows: readonly number[]): Float64Array {
  const times = new Float64Array(rows.length);
  for (let i = 0; i < times.length; i++) {
    const row = rows[i] ?? missing(rows, i);
    times[i] = timesMs[row] ?? missing(timesMs, row);
  }
  return times;
}
