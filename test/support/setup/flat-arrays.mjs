// `toEqual` of arrays of numbers and strings in one pass. Jest takes a microsecond and more per
// element, which is seconds for the columns that tests here compare. It still decides, and reports,
// whenever the pass finds a difference.
import { expect } from '@jest/globals';

/** True of equal typed arrays and equal arrays of primitives; undefined where Jest has to look. */
function areEqualFlatArrays(actual, expected) {
  if (typeof actual !== 'object' || typeof expected !== 'object') return undefined;
  if (actual === null || expected === null || actual.length !== expected.length) return undefined;
  if (!isFlatArray(actual) || Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return undefined;
  for (let i = 0; i < actual.length; i++) {
    const value = actual[i];
    // A hole, a nested value or an asymmetric matcher is Jest's to compare.
    if (value === undefined || (typeof value === 'object' && value !== null)) return undefined;
    if (typeof value === 'function' || !Object.is(value, expected[i])) return undefined;
  }
  return hasMoreKeys(actual) || hasMoreKeys(expected) ? undefined : true;
}

const isFlatArray = (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));

/** Properties besides the elements, as the result of a `match` has them. */
const hasMoreKeys = (array) => Array.isArray(array) && Object.keys(array).length !== array.length;

expect.addEqualityTesters([areEqualFlatArrays]);
