import { describe, expect, it } from '@jest/globals';
import type { FeatureSpec } from '@flowline/events';

import type { EncodingPlan } from './encoding-plan.ts';
import type { FeatureTable } from './feature-table.ts';
import { fitEncoding } from './fit-encoding.ts';
import { transformFromConfig } from './transforms/transform-from-config.ts';

const spec = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  name,
  from: name,
  type,
  role: 'score',
  nullable: false,
  maxLevels: 20,
  period: null,
  ...more,
});

const schema: readonly FeatureSpec[] = [
  spec('real', 'real', { nullable: true }),
  spec('size', 'positive'),
  spec('share', 'unit'),
  spec('count', 'integer'),
  spec('load', 'real', { role: 'context' }),
  spec('hour', 'cyclic', { role: 'context', period: 24 }),
  spec('kind', 'categorical', { nullable: true, maxLevels: 3 }),
  spec('colour', 'categorical'),
  spec('flag', 'boolean', { role: 'context' }),
];

/** Rows that cycle through every kind of value: missing, unseen, outside the domain, far out. */
const tableOf = (size: number): FeatureTable => ({
  size,
  numeric: numbersOf(size),
  numericWidth: 6,
  levels: Array.from({ length: size }, (_, i) => [
    i % 7 === 3 ? null : `kind ${i % 5}`,
    `colour ${(i * i) % 4}`,
    i % 3 === 0 ? 'true' : 'false',
  ]).flat(),
  levelWidth: 3,
});

const numbersOf = (size: number): Float64Array =>
  Float64Array.from(
    Array.from({ length: size }, (_, i) => [
      i % 5 === 2 ? NaN : Math.sin(i) * 3,
      i % 4 === 0 ? 0 : 1 + (i % 9),
      (i % 11) / 10,
      i % 6,
      Math.cos(i),
      i * 1.7,
    ]).flat(),
  );

/** Encodes a row from the plan's documentation alone, in float64. */
const interpret = (plan: EncodingPlan, numbers: Float64Array, levels: readonly (string | null)[]) => {
  const row = new Float64Array(plan.dimensions + plan.context);
  let [logDet, logLevels, outside, previous] = [0, 0, false, -1];
  for (const column of plan.columns) {
    const value = numbers[column.tableColumn]!;
    const level = levels[column.tableColumn] ?? null;
    const missing = column.type === 'levels' ? level === null : Number.isNaN(value);
    if (column.presenceColumn !== null) row[column.presenceColumn] = missing ? 0 : 1;
    if (column.type === 'number' && !missing) {
      const transform = transformFromConfig(column.transform);
      outside ||= !transform.accepts(value);
      const y = transform.forward(transform.nearest(value));
      const x = Math.max(-plan.bound, Math.min(plan.bound, (y - column.mean) / column.std));
      const [lowest, highest] = column.range!;
      const end = Math.max(lowest, Math.min(highest, x));
      row[column.column] = end;
      if (column.scored) {
        const own = column.constant ? 0 : transform.logAbsDet(transform.nearest(value), y) - Math.log(column.std);
        const atEnd = x < lowest ? column.logAbsDetAtEnds[0] : x > highest ? column.logAbsDetAtEnds[1] : Infinity;
        logDet += Math.min(own, atEnd) - ((x - end) * (x + end)) / 2;
      }
    } else if (column.type === 'cyclic' && !missing) {
      row[column.column] = Math.sin((2 * Math.PI * (value % column.period)) / column.period);
      row[column.column + 1] = Math.cos((2 * Math.PI * (value % column.period)) / column.period);
    } else if (column.type === 'levels') {
      const known = column.levels.indexOf(level ?? '');
      const index = missing ? -1 : known < 0 ? column.levels.length : known;
      const width = column.levels.length + 1;
      const rows = column.logProbability.length / width;
      if (index >= 0 && column.oneHot[index]! >= 0) row[column.column + column.oneHot[index]!] = 1;
      if (index >= 0 && column.scored) {
        logLevels += column.logProbability[(previous < 0 ? rows - 1 : previous) * width + index]!;
      }
      previous = index;
    }
  }
  return { row, logDet, logLevels, outside };
};

describe('the plan of an encoding', () => {
  it('says what the encoding does, row by row', () => {
    const encoding = fitEncoding(schema, tableOf(200));
    const table = tableOf(60);
    table.numeric[6 * 5 + 1] = -2;
    table.numeric[6 * 6 + 3] = 1.5;
    table.numeric[6 * 7 + 4] = 1e300;
    const levels = table.levels.map((level, i) => (i === 3 * 8 + 1 ? 'never seen' : level));
    const batch = encoding.encode({ ...table, levels });
    const plan = encoding.plan();
    for (let i = 0; i < table.size; i++) {
      const said = interpret(plan, table.numeric.subarray(6 * i, 6 * i + 6), levels.slice(3 * i, 3 * i + 3));
      expect([...Float32Array.from(said.row)]).toEqual([
        ...batch.rows.subarray(i * batch.width, (i + 1) * batch.width),
      ]);
      expect(said.logDet).toBeCloseTo(batch.logJacobian[i]!, 12);
      expect(said.logLevels).toBeCloseTo(batch.logDiscrete[i]!, 12);
      expect(said.outside).toBe(batch.outOfDomain[i] === 1);
    }
    expect(batch.outOfDomain.reduce((sum, out) => sum + out, 0)).toBe(2);
  });
});
