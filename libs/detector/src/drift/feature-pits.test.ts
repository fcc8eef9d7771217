import { at, type FeatureSpec } from '@flowline/events';
import type { Scorer } from '@flowline/engine';
import { fitEncoding, tableOfValues } from '@flowline/features';
import { Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import { featurePits, MISSING_PIT } from './feature-pits.ts';
import { marginalPits } from './marginal-pits.ts';
import { pValuesOf } from './testing/streams.ts';

const spec = (name: string, type: FeatureSpec['type'], nullable = false): FeatureSpec =>
  ({
    ...{ name, type, role: 'score', nullable, from: name },
    ...(type === 'categorical' ? { maxLevels: 8 } : {}),
  }) as unknown as FeatureSpec;
const schema = [spec('a', 'real', true), spec('b', 'real'), spec('valve', 'categorical')];
const RHO = 0.8;

/** Rows of two correlated normal values, and a level that is `open` in seven of ten. */
function rowsOf(random: Random, size: number): { a: number | null; b: number; valve: string }[] {
  return Array.from({ length: size }, (_, i) => {
    const a = random.normal();
    const b = RHO * a + Math.sqrt(1 - RHO ** 2) * random.normal();
    return { a: i % 20 === 0 ? null : a, b, valve: random.uniform() < 0.7 ? 'open' : 'half' };
  });
}

const below = (z: number): number => 1 - at(pValuesOf(Float64Array.of(z), 'above'), 0);

describe('conditional PITs', () => {
  const random = new Random(3);
  const encoding = fitEncoding(schema, tableOfValues(schema, rowsOf(random, 5_000)));
  const table = tableOfValues(schema, rowsOf(random, 400));
  /** The true density of the encoded numbers, but for a constant. */
  const scorer = {
    score: (rows: Float32Array, size: number) => {
      const width = rows.length / size;
      return Promise.resolve(
        Float64Array.from({ length: size }, (_, i) => {
          const [a, b] = [0, 1].map((j) => at(encoding.scored, j).fromEncoded(at(rows, i * width + j))) as [
            number,
            number,
          ];
          const logJacobian = Math.log(at(encoding.scored, 0).derivative(a) * at(encoding.scored, 1).derivative(b));
          return -(a * a - 2 * RHO * a * b + b * b) / (2 * (1 - RHO ** 2)) - logJacobian;
        }),
      );
    },
  } as unknown as Scorer;

  it('are the probability of a value that is at most as large, given the others', async () => {
    const pits = await featurePits({ encoding, scorer }, table, new Random(1));
    expect(pits.map(({ feature }) => feature)).toEqual(['a', 'b', 'valve']);
    const [a, b] = [at(pits, 0).values, at(pits, 1).values];
    expect(a.length).toBe(400);
    for (let row = 0; row < 400; row++) {
      const [x, y] = [at(table.numeric, 2 * row), at(table.numeric, 2 * row + 1)];
      if (Number.isNaN(x)) expect(at(a, row)).toBe(MISSING_PIT);
      // Beyond the training rows, the conditionals are those of the outermost of them.
      if (Number.isNaN(x) || Math.max(Math.abs(x), Math.abs(y)) > 3) continue;
      expect(at(a, row)).toBeCloseTo(below((x - RHO * y) / Math.sqrt(1 - RHO ** 2)), 2);
      expect(at(b, row)).toBeCloseTo(below((y - RHO * x) / Math.sqrt(1 - RHO ** 2)), 2);
    }
  });

  it('of a level are drawn from the part of [0, 1] that it takes up', async () => {
    const [, , valve] = await featurePits({ encoding, scorer }, table, new Random(1));
    const mean = [...valve!.values].reduce((sum, value) => sum + value / valve!.values.length, 0);
    expect(mean).toBeCloseTo(0.5, 1);
    for (let row = 0; row < table.size; row++) {
      const range = at(encoding.levelRanges(table, row), 0);
      expect(range.feature).toBe('valve');
      expect(range.to - range.from).toBeCloseTo(table.levels[row] === 'open' ? 0.7 : 0.3, 1);
      expect(at(valve!.values, row)).toBeGreaterThanOrEqual(range.from);
      expect(at(valve!.values, row)).toBeLessThanOrEqual(range.to);
    }
  });
});

describe('marginal PITs', () => {
  const chained: FeatureSpec[] = [...schema, spec('pump', 'categorical')];
  /** The pump runs where the valve is open, in seven of ten. */
  const withPump = (random: Random, size: number) =>
    rowsOf(random, size).map((row) => ({ ...row, pump: row.valve === 'open' ? 'on' : 'off' }));
  const encoding = fitEncoding(chained, tableOfValues(chained, withPump(new Random(3), 5_000)));
  const table = tableOfValues(chained, withPump(new Random(4), 400));

  it('are those of the feature by itself, whatever the others are', () => {
    const pits = marginalPits(encoding, table, new Random(1));
    expect(pits.map(({ feature, pit }) => [feature, pit])).toEqual(
      ['a', 'b', 'valve', 'pump'].map((feature) => [feature, 'marginal']),
    );
    const [a, b] = [at(pits, 0).values, at(pits, 1).values];
    for (let row = 0; row < table.size; row++) {
      const [x, y] = [at(table.numeric, 2 * row), at(table.numeric, 2 * row + 1)];
      if (Number.isNaN(x)) expect(at(a, row)).toBe(MISSING_PIT);
      else expect(Math.abs(at(a, row) - below(x))).toBeLessThan(0.05);
      expect(Math.abs(at(b, row) - below(y))).toBeLessThan(0.05);
    }
  });

  it('of a level do not depend on the level before it', () => {
    const pump = at(marginalPits(encoding, table, new Random(1)), 3).values;
    const parts = { on: [] as number[], off: [] as number[] };
    for (let row = 0; row < table.size; row++) {
      parts[table.levels[row * 2 + 1] === 'on' ? 'on' : 'off'].push(at(pump, row));
    }
    // Seven of ten of [0, 1], and three: not all of it, as the valve would have it.
    const width = (values: number[]): number => Math.max(...values) - Math.min(...values);
    expect(width(parts.on)).toBeCloseTo(0.7, 1);
    expect(width(parts.off)).toBeCloseTo(0.3, 1);
  });
});
