import { atOnce, type FeatureSpec } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';

import { columnsOf } from './column-table-builder.ts';
import type { FeatureTable } from './feature-table.ts';
import { COMPLETE, MissingPatterns, UNKNOWN_PATTERN, fitMissingPatterns } from './missing-patterns.ts';

const feature = (name: string, type: FeatureSpec['type']): FeatureSpec => ({
  name,
  type,
  from: name,
  role: 'score',
  nullable: true,
  maxLevels: 64,
  period: null,
});
const schema = [feature('x', 'real'), feature('c', 'categorical'), feature('y', 'real')];
const fitPatterns = (features: readonly FeatureSpec[], table: FeatureTable): MissingPatterns =>
  atOnce(fitMissingPatterns(features, columnsOf(table)));
const patterns = fitPatterns(schema, {
  size: 5,
  numeric: Float64Array.of(1, 2, NaN, 2, NaN, NaN, 1, NaN, 1, NaN),
  numericWidth: 2,
  levels: ['a', 'a', null, 'a', 'b'],
  levelWidth: 1,
});
const walk = (missing: readonly number[]) =>
  missing.reduce((pattern, index) => patterns.with(pattern, index), COMPLETE);

describe('MissingPatterns', () => {
  it('numbers the combinations of the training rows', () => {
    const seen = [[], [0], [0, 1, 2], [2]].map(walk);
    expect(new Set(seen).size).toBe(4);
    expect(seen).not.toContain(UNKNOWN_PATTERN);
    expect(seen.map((pattern) => patterns.featuresOf(pattern))).toEqual([[], [0], [0, 1, 2], [2]]);
  });

  it('knows no others', () => {
    expect([[1], [0, 2], [1, 2]].map(walk)).toEqual([UNKNOWN_PATTERN, UNKNOWN_PATTERN, UNKNOWN_PATTERN]);
    expect(patterns.featuresOf(UNKNOWN_PATTERN)).toEqual([]);
  });

  it('does not take the way to a combination for one', () => {
    expect(patterns.settled(walk([0, 1]))).toBe(UNKNOWN_PATTERN);
    expect(patterns.settled(walk([0, 1, 2]))).toBe(walk([0, 1, 2]));
    expect(patterns.settled(COMPLETE)).toBe(COMPLETE);
    expect(patterns.settled(UNKNOWN_PATTERN)).toBe(UNKNOWN_PATTERN);
  });

  it('is rebuilt from its nodes', () => {
    const rebuilt = new MissingPatterns(schema.length, patterns.nodes);
    expect(rebuilt.with(COMPLETE, 2)).toBe(patterns.with(COMPLETE, 2));
  });

  it('tells any number of features apart, and stays small', () => {
    const many = Array.from({ length: 60 }, (_, i) => feature(`f${i}`, 'real'));
    const size = 6_000;
    const numeric = Float64Array.from({ length: size * 60 }, (_, i) => ((i * 2_654_435_761) % 97 < 48 ? NaN : 1));
    const fitted = fitPatterns(many, { size, numeric, numericWidth: 60, levels: [], levelWidth: 0 });
    expect(fitted.nodes.length).toBeLessThanOrEqual(4096);
    const first = Array.from({ length: 60 }, (_, i) => i).filter((i) => Number.isNaN(numeric[i]));
    const pattern = first.reduce((at, index) => fitted.with(at, index), COMPLETE);
    expect(fitted.featuresOf(pattern)).toEqual(first);
  });
});
