import { at } from '@flowline/events';

/** Value of each method on each data set, larger is better. */
export type MethodValues = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Ranks of methods over data sets. */
export interface MethodRanks {
  /** Mean rank of each method, 1 is best; equal values share the mean of their ranks. */
  readonly meanRanks: ReadonlyMap<string, number>;
  /** Data sets that every method has a value of, which alone are ranked. */
  readonly data: number;
  /**
   * Difference of mean ranks beyond which two methods differ, at 5 % (Nemenyi's test; Demšar,
   * 2006). Null for fewer than two methods or sets, or more than 20 methods.
   */
  readonly criticalDifference: number | null;
}

/** Upper 5 % points of the studentised range over √2, for 2 to 20 methods. */
const STUDENTISED_RANGE = [
  1.96, 2.344, 2.569, 2.728, 2.85, 2.948, 3.031, 3.102, 3.164, 3.219, 3.268, 3.313, 3.354, 3.391, 3.426, 3.458, 3.489,
  3.517, 3.544,
];

/** Ranks methods by their values on each data set. */
export function rankMethods(values: MethodValues): MethodRanks {
  const methods = [...values.keys()];
  const all = [...new Set([...values.values()].flatMap((each) => [...each.keys()]))];
  const data = all.filter((name) => methods.every((method) => values.get(method)?.has(name) === true));
  const sums = new Map(methods.map((method) => [method, 0]));
  for (const name of data) {
    const found = methods.map((method) => values.get(method)?.get(name) ?? NaN);
    for (const [i, method] of methods.entries())
      sums.set(method, (sums.get(method) ?? 0) + rankAmong(found, at(found, i)));
  }
  const factor = STUDENTISED_RANGE.at(methods.length - 2);
  const isKnown = methods.length >= 2 && methods.length <= STUDENTISED_RANGE.length + 1 && data.length >= 2;
  return {
    meanRanks: new Map([...sums].map(([method, sum]) => [method, sum / data.length])),
    data: data.length,
    criticalDifference:
      isKnown && factor !== undefined
        ? factor * Math.sqrt((methods.length * (methods.length + 1)) / (6 * data.length))
        : null,
  };
}

/** Rank of a value among all, itself included. */
function rankAmong(all: readonly number[], value: number): number {
  const above = all.filter((other) => other > value).length;
  const equal = all.filter((other) => other === value).length;
  return above + (equal + 1) / 2;
}
