import { describe, expect, it } from '@jest/globals';

describe('toEqual, of flat arrays', () => {
  it('holds for equal numbers, NaN and texts, and for matchers, as without the shortcut', () => {
    expect([1, NaN, 'a', null]).toEqual([1, NaN, 'a', null]);
    expect(Float64Array.of(1, NaN)).toEqual(Float64Array.of(1, NaN));
    expect([[1, 2], Int32Array.of(3)]).toEqual([[1, 2], Int32Array.of(3)]);
    expect(['text', 1]).toEqual([expect.stringContaining('ex'), 1]);
    expect([undefined, 1]).toEqual([undefined, 1]);
  });

  it.each([
    ['another number', [1, 2], [1, 3]],
    ['another length', [1, 2], [1, 2, 3]],
    ['another sign of zero', [0], [-0]],
    ['a text for a number', [1], ['1']],
    ['another type of array', Float64Array.of(1), Float32Array.of(1)],
    ['another number of a typed array', Float64Array.of(1, 2), Float64Array.of(1, NaN)],
    ['another property', Object.assign([1], { index: 0 }), Object.assign([1], { index: 1 })],
    ['another nested value', [[1, 2]], [[1, 3]]],
  ])('fails for %s', (_what, actual, expected) => {
    expect(() => expect(actual).toEqual(expected)).toThrow();
  });
});
