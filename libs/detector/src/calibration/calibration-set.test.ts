import { describe, expect, it } from '@jest/globals';
import { Random } from '@flowline/flows';
import { fitCalibrationSet, lackingNats, patternPValue } from './calibration-set.ts';

describe('calibration by missing pattern', () => {
  const random = new Random(1);
  // Pattern 1 lacks a feature, and its scores are lower by 5. Pattern 2 is rare.
  const patterns = Int32Array.from({ length: 6000 }, (_, i) => (i % 3 === 0 ? 1 : i % 100 === 1 ? 2 : 0));
  const scores = Float64Array.from(patterns, (pattern) => -Math.log(1 - random.uniform()) - (pattern === 1 ? 5 : 0));
  const set = fitCalibrationSet(scores, patterns, new Random(2));

  it('judges a row among rows with the same missing features', () => {
    expect([...set.byPattern.keys()]).toEqual([0, 1]);
    const complete = patternPValue(set, 1, 0);
    const missing = patternPValue(set, 1 - 5, 1);
    expect(complete.pooled).toBe(false);
    expect(complete.p).toBeCloseTo(Math.exp(-1), 1);
    expect(missing.p).toBeCloseTo(Math.exp(-1), 1);
    expect(patternPValue(set, 1, 1).p).toBeLessThan(0.01);
  });

  it('judges rare and unknown combinations among all rows, marked', () => {
    for (const pattern of [2, -1, 77]) {
      const { p, pooled } = patternPValue(set, 1, pattern);
      expect(pooled).toBe(true);
      expect(p).toBe(patternPValue({ ...set, byPattern: new Map() }, 1, 0).p);
    }
  });

  it('takes names of features as names, whatever objects have by them', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(lackingNats({}, [name])).toBe(0);
      expect(lackingNats(Object.fromEntries([[name, -2]]), [name])).toBe(-2);
    }
  });

  it('is one calibration where all rows have the same pattern, however few', () => {
    const one = fitCalibrationSet(scores.subarray(0, 300), new Int32Array(300), new Random(3));
    expect(one.byPattern.get(0)).toBe(one.pooled);
    expect(patternPValue(one, 0, 0).pooled).toBe(false);
  });
});
