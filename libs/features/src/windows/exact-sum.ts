import { at } from '@flowline/events';

/** Bound of the addends: a thousand of them do not overflow. */
const MAX_ADDEND = 2 ** 1000;

/**
 * Sum of float64 numbers without a rounding error. Addends can be taken out again, and the value
 * depends on those within alone: not on their order, and not on what was added and taken out
 * before. It is an expansion, the exact sum of numbers whose digits do not overlap (Shewchuk,
 * "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997).
 */
export class ExactSum {
  /** Parts of the sum, the smallest first. Mostly two or three; 40 at most. */
  readonly #parts: number[] = [];

  /** True for a number that may be added. Sums of larger ones could overflow. */
  static takes(value: number): boolean {
    return Math.abs(value) <= MAX_ADDEND;
  }

  clear(): void {
    this.#parts.length = 0;
  }

  /** Adds a number; to take one out, add its negative. */
  add(value: number): void {
    const parts = this.#parts;
    let kept = 0;
    let sum = value;
    for (const part of parts) {
      const total = sum + part;
      const ofPart = total - sum;
      const error = sum - (total - ofPart) + (part - ofPart);
      if (error !== 0) parts[kept++] = error;
      sum = total;
    }
    if (sum !== 0) parts[kept++] = sum;
    if (kept < parts.length) parts.length = kept;
  }

  /** The sum, rounded once: to the nearest float64, and to the even one of two. */
  get value(): number {
    const parts = this.#parts;
    if (parts.length === 0) return 0;
    let next = parts.length - 1;
    let sum = at(parts, next--);
    let error = 0;
    while (next >= 0 && error === 0) {
      const part = at(parts, next--);
      const total = sum + part;
      error = part - (total - sum);
      sum = total;
    }
    if (next < 0 || error === 0 || error < 0 !== at(parts, next) < 0) return sum;
    // Just beyond the middle of two numbers: the rest decides against the even one.
    const twice = 2 * error;
    const away = sum + twice;
    return away - sum === twice ? away : sum;
  }
}
