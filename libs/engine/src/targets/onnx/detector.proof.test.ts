import type { FeatureSpec } from '@flowline/events';
import { type FeatureTable, fitEncoding } from '@flowline/features';
import { type Flow, initBackend, realNVP } from '@flowline/flows';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createScorer } from '../../create-scorer.ts';
import { type OnnxFeed, startOnnxChild } from '../../testing/onnx-child.ts';
import { randomizeWeights } from '../../testing/random-flow.ts';
import { errorInTolerances } from '../../select/tolerance.ts';
import { exportDetector } from './detector.ts';

const ort = await startOnnxChild();
afterAll(() => ort?.stop());

const spec = (name: string, type: FeatureSpec['type'], more: Partial<FeatureSpec> = {}): FeatureSpec => ({
  ...{ name, from: name, type, role: 'score', nullable: false, maxLevels: 20, period: null },
  ...more,
});

const schema: readonly FeatureSpec[] = [
  spec('real', 'real', { nullable: true }),
  spec('size', 'positive'),
  spec('plain', 'positive'),
  spec('share', 'unit'),
  spec('count', 'integer'),
  spec('wide', 'real', { from: { log: 'wide' } }),
  spec('signed', 'real', { from: { asinh: 'signed' }, nullable: true }),
  spec('load', 'real', { role: 'context' }),
  spec('hour', 'cyclic', { role: 'context', period: 24 }),
  spec('kind', 'categorical', { nullable: true, maxLevels: 3 }),
  spec('colour', 'categorical'),
  spec('flag', 'boolean', { role: 'context' }),
];
const numbers = schema.slice(0, 9);
const levels = schema.slice(9);

/** Rows that cycle through every kind of value: missing, unseen, far out. */
const tableOf = (size: number, change: (row: number, values: number[]) => void = () => undefined): FeatureTable => ({
  size,
  numeric: Float64Array.from(
    Array.from({ length: size }, (_, i) => {
      const values = [
        i % 5 === 2 ? NaN : Math.sin(i) * 3,
        i % 4 === 0 ? 0 : 1 + (i % 9),
        0.5 + (i % 7),
        (i % 11) / 10,
        i % 6,
        Math.exp(4 * Math.sin(i)),
        i % 7 === 1 ? NaN : Math.sinh(5 * Math.cos(i)),
        Math.cos(i),
        i * 1.7 - 20,
      ];
      change(i, values);
      return values;
    }).flat(),
  ),
  numericWidth: numbers.length,
  levels: Array.from({ length: size }, (_, i) => [
    i % 7 === 3 ? null : `kind ${i % 5}`,
    i === 8 ? 'never seen' : `colour ${(i * i) % 4}`,
    i % 3 === 0 ? 'true' : 'false',
  ]).flat(),
  levelWidth: levels.length,
});

const feedsOf = ({ size, numeric, levels: texts }: FeatureTable): Record<string, OnnxFeed> => {
  const feeds: Record<string, OnnxFeed> = {};
  const rows = Array.from({ length: size }, (_, row) => row);
  numbers.forEach(({ name }, column) => {
    const data = Float64Array.from(rows, (row) => numeric[row * numbers.length + column]!);
    feeds[name] = { type: 'float64', data, dims: [size, 1] };
  });
  levels.forEach(({ name }, column) => {
    const data = rows.map((row) => texts[row * levels.length + column] ?? '');
    feeds[name] = { type: 'string', data, dims: [size, 1] };
  });
  return feeds;
};

(ort === null ? describe.skip : describe)('an exported detector', () => {
  beforeAll(() => initBackend('cpu'));

  it.each([1, 3])('of %i flows: onnxruntime scores raw events as the product does', async (members) => {
    const encoding = fitEncoding(schema, tableOf(300));
    const flows = Array.from({ length: members }, (_, seed): Flow => {
      const { dimensions, contextWidth, presence } = encoding;
      const flow = realNVP({ features: dimensions, context: contextWidth, presence, layers: 4, hidden: [16], seed });
      randomizeWeights(flow, seed + 5, 0.5);
      return flow;
    });
    const table = tableOf(60, (row, values) => {
      if (row === 5) values[1] = -2; // outside the domain of a positive feature
      if (row === 6) values[4] = 1.5; // not an integer
      if (row === 7) values[3] = 1.2; // not a share
      if (row === 9) values[0] = 1e6; // far out
      if (row === 10) values[6] = -1e200;
    });
    const scorer = await createScorer(flows, { backend: 'reference' });
    const batch = encoding.encode(table);
    const exact = (await scorer.score(batch.rows, batch.size)).map((logP, i) => {
      const total = logP + batch.logJacobian[i]! + batch.logDiscrete[i]!;
      return batch.outOfDomain[i] === 1 || Number.isNaN(total) ? -Infinity : total;
    });
    const model = exportDetector(encoding.plan(), flows, { detector: 'test' });
    const { logDensity } = await ort!.ask({ model, feeds: feedsOf(table) });
    expect(logDensity!.dims).toEqual([60, 1]);
    expect(exact.filter((value) => value === -Infinity)).toHaveLength(3);
    exact.forEach((value, i) => {
      const found = Number(logDensity!.data[i]);
      if (value === -Infinity) expect(found).toBe(-Infinity);
      else expect(errorInTolerances(found, value)).toBeLessThanOrEqual(1);
    });
    scorer.dispose();
    for (const flow of flows) flow.dispose();
  });
});
