import type { HistoryDay } from '@flowline/db';
import { DAY_MS, FlowlineError, printable } from '@flowline/events';
import type { RecordFault } from '@flowline/features';

import { rowsOfDays } from './history-stretches.ts';
import type { TimelessRows } from './timeless-rows.ts';
import type { UsualTimes } from './usual-times.ts';

/** Maximum share of rows that do not fit. With more, the detector does not describe its history. */
const MAX_REJECTED_SHARE = 0.05;

type Fault = Pick<RecordFault, 'reason' | 'field' | 'message'>;

/** Rows left out: their number by reason, and the first of each as an example. */
export class Rejections {
  readonly counts: Record<string, number> = {};
  readonly warnings: string[] = [];
  readonly #first: string[] = [];
  #unfit = 0;

  add({ reason, field, message }: Fault): void {
    const key = field === null ? reason : `${reason} ${field}`;
    if (this.counts[key] === undefined) this.#first.push(message);
    this.#count(key, 1);
    this.#unfit++;
  }

  /** Adds what was left out of other rows for their values. */
  include(other: Rejections): void {
    this.#first.push(...other.#first);
    for (const [key, rows] of Object.entries(other.counts)) this.#count(key, rows);
    this.#unfit += other.#unfit;
  }

  /**
   * Counts the rows that are left out for their time.
   * @throws FlowlineError FLOWLINE_HISTORY_INVALID if the time of more than 5 % of the rows is
   * invalid.
   */
  addTimes(column: string, days: readonly HistoryDay[], without: TimelessRows, times: UsualTimes | null): void {
    const { rowsWithoutTime, badTimes } = without;
    const rows = rowsOfDays(days);
    const stray = times?.stray ?? null;
    this.#count(`missing_field ${column}`, rowsWithoutTime);
    this.#count(`bad_time ${column}`, badTimes.rows);
    this.#count(`stray_time ${column}`, stray?.rows ?? 0);
    if (badTimes.rows > 0) {
      const found = `${column} is no time in ${badTimes.rows} of ${rows + badTimes.rows} rows`;
      if (badTimes.rows > MAX_REJECTED_SHARE * (rows + badTimes.rows)) {
        const example = printable(JSON.stringify(badTimes.example));
        throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `The history's ${found}, such as ${example}.`, {
          where: 'spec.history.timeColumn',
          publicMessage: `The history's ${found}.`,
          remedy:
            'Name a column of times (ISO 8601 text, a timestamp, or a number in source.time.unit), or leave such rows out in the query.',
        });
      }
      this.warnings.push(`left out: the history's ${found}`);
    }
    if (stray !== null) {
      const range = [stray.firstMs, stray.lastMs].map((time) => new Date(time).toISOString());
      const when = range[0] === range[1] ? `at ${range[0]}` : `from ${range.join(' to ')}`;
      this.warnings.push(
        `left out: ${stray.rows} rows of the history are far from all others in time (${column} ${when})`,
      );
    }
    if (rowsWithoutTime > 0) this.warnings.push(`left out: ${rowsWithoutTime} rows of the history have no ${column}`);
  }

  /** @throws FlowlineError FLOWLINE_HISTORY_INVALID if more than 5 % of the rows do not fit. */
  check(rowsRead: number): void {
    if (this.#unfit <= rowsRead * MAX_REJECTED_SHARE) return;
    const counts = Object.entries(this.counts).map(([reason, count]) => `${count} ${reason}`);
    const found = `${this.#unfit} of ${rowsRead} rows of the history do not fit the features (${counts.join(', ')})`;
    throw new FlowlineError('FLOWLINE_HISTORY_INVALID', `${found}: ${this.#first.slice(0, 3).join(' ')}`, {
      where: 'spec.history.query',
      publicMessage: `${found}.`,
      remedy:
        'Correct the types of the features, list nullable columns under missing, or leave such rows out in the query.',
    });
  }

  #count(key: string, rows: number): void {
    if (rows > 0) this.counts[key] = (this.counts[key] ?? 0) + rows;
  }
}

/** Rows that do not fit, by the day of their time: stray ones are not known before the end. */
export class RejectionsByDay {
  readonly #days = new Map<number, Rejections>();

  add(timeMs: number, fault: Fault): void {
    const day = Math.floor(timeMs / DAY_MS);
    let rejections = this.#days.get(day);
    if (rejections === undefined) this.#days.set(day, (rejections = new Rejections()));
    rejections.add(fault);
  }

  /** Adds those of the days from one time to another to `rejections`. */
  addTo(rejections: Rejections, fromMs: number, toMs: number): void {
    const [first, last] = [Math.floor(fromMs / DAY_MS), Math.floor(toMs / DAY_MS)];
    for (const [day, own] of this.#days) if (day >= first && day <= last) rejections.include(own);
  }
}
