import { at } from '@flowline/events';

import { ExactSum } from './exact-sum.ts';
import type { Series, Slide } from './series.ts';

/** Passed candidates after which their list is cut. */
const COMPACTED = 64;

/** Exact sum over a window, which moves forwards and backwards. */
export class SumSlide implements Slide {
  readonly #sum = new ExactSum();
  #start = 0;
  #end = 0;
  /** Values within that {@link ExactSum} does not take. */
  #huge = 0;

  over(series: Series, start: number, end: number): number {
    if (start >= this.#end || end <= this.#start) {
      this.#sum.clear();
      this.#huge = 0;
      this.#start = start;
      this.#end = start;
    }
    while (this.#end < end) this.#take(series.valueAt(this.#end++), 1);
    while (this.#start > start) this.#take(series.valueAt(--this.#start), 1);
    while (this.#end > end) this.#take(series.valueAt(--this.#end), -1);
    while (this.#start < start) this.#take(series.valueAt(this.#start++), -1);
    return this.#huge > 0 ? plainSum(series, start, end) : this.#sum.value;
  }

  inserted(series: Series, position: number): void {
    if (position >= this.#end) return;
    if (position > this.#start) this.#take(series.valueAt(position), 1);
    else this.#start++;
    this.#end++;
  }

  dropping(series: Series, count: number): void {
    while (this.#start < Math.min(count, this.#end)) this.#take(series.valueAt(this.#start++), -1);
    this.#start = Math.max(0, this.#start - count);
    this.#end = Math.max(0, this.#end - count);
  }

  #take(value: number, sign: 1 | -1): void {
    if (ExactSum.takes(value)) this.#sum.add(sign * value);
    else this.#huge += sign;
  }
}

/** Greatest value over a window, or the least. It moves forwards; those further back are folded. */
export class ExtremeSlide implements Slide {
  readonly #sign: 1 | -1;
  /**
   * Numbers of the values that no later one exceeds, ascending, from `#first` on. A number is a
   * position plus the number of values dropped before.
   */
  #candidates: number[] = [];
  #first = 0;
  #dropped = 0;
  #start = 0;
  #end = 0;

  /** @param sign 1 for the greatest, -1 for the least. */
  constructor(sign: 1 | -1) {
    this.#sign = sign;
  }

  over(series: Series, start: number, end: number): number {
    const from = start + this.#dropped;
    const to = end + this.#dropped;
    // A late event looks back: its window is folded, and this one stays.
    if (to < this.#end || from < this.#start) return extreme(series, start, end, this.#sign);
    if (from >= this.#end) this.#clear(from);
    for (; this.#end < to; this.#end++) this.#push(series, this.#end);
    this.#start = from;
    while (at(this.#candidates, this.#first) < from) this.#first++;
    if (this.#first >= COMPACTED) {
      this.#candidates = this.#candidates.slice(this.#first);
      this.#first = 0;
    }
    return this.#sign * this.#signed(series, at(this.#candidates, this.#first)) + 0;
  }

  inserted(series: Series, position: number): void {
    const number = position + this.#dropped;
    if (number >= this.#end) return;
    const candidates = this.#candidates;
    let after = candidates.length;
    for (; after > this.#first && at(candidates, after - 1) >= number; after--)
      candidates[after - 1] = at(candidates, after - 1) + 1;
    this.#end++;
    if (number <= this.#start) {
      this.#start++;
      return;
    }
    const value = this.#signed(series, number);
    if (after < candidates.length && this.#signed(series, at(candidates, after)) >= value) return;
    let from = after;
    while (from > this.#first && this.#signed(series, at(candidates, from - 1)) <= value) from--;
    candidates.splice(from, after - from, number);
  }

  dropping(_series: Series, count: number): void {
    this.#dropped += count;
    this.#start = Math.max(this.#start, this.#dropped);
    this.#end = Math.max(this.#end, this.#dropped);
    while (this.#first < this.#candidates.length && at(this.#candidates, this.#first) < this.#start) this.#first++;
  }

  #push(series: Series, number: number): void {
    const value = this.#signed(series, number);
    const candidates = this.#candidates;
    let { length } = candidates;
    while (length > this.#first && this.#signed(series, at(candidates, length - 1)) <= value) length--;
    candidates.length = length;
    candidates.push(number);
  }

  /** Value, negated if the least is sought. */
  #signed(series: Series, number: number): number {
    return this.#sign * series.valueAt(number - this.#dropped);
  }

  #clear(start: number): void {
    this.#candidates = [];
    this.#first = 0;
    this.#start = start;
    this.#end = start;
  }
}

const scratch = new ExactSum();

/** Sum of the values at positions start ≤ position < end, rounded once. */
export function exactSum(series: Series, start: number, end: number): number {
  scratch.clear();
  for (let position = start; position < end; position++) {
    const value = series.valueAt(position);
    if (!ExactSum.takes(value)) return plainSum(series, start, end);
    scratch.add(value);
  }
  return scratch.value;
}

/** Sum in order, for values beyond the range of {@link ExactSum}. */
function plainSum(series: Series, start: number, end: number): number {
  let sum = 0;
  for (let position = start; position < end; position++) sum += series.valueAt(position);
  return sum;
}

/** Greatest of the values at positions start ≤ position < end (sign 1), or the least (-1). */
export function extreme(series: Series, start: number, end: number, sign: 1 | -1): number {
  let result = sign * series.valueAt(start);
  for (let position = start + 1; position < end; position++) {
    const value = sign * series.valueAt(position);
    if (value > result) result = value;
  }
  return sign * result + 0;
}
