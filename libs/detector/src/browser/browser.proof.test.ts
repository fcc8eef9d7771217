import type { FeatureSpec } from '@flowline/events';
import { errorInTolerances } from '@flowline/engine';
import { createRecordReader, type FeatureTable, sliceTable } from '@flowline/features';
import { decodeSafetensors, encodeSafetensors, Random } from '@flowline/flows';
import { describe, expect, it } from '@jest/globals';

import type { ModelBundle } from '../bundle/bundle.ts';
import { Detector } from '../detector.ts';
import { trainDetector } from '../training/train-detector.ts';
import { openBrowserBundle } from './open-browser-bundle.ts';

const feature = (spec: Pick<FeatureSpec, 'name' | 'type'> & Partial<FeatureSpec>): FeatureSpec => ({
  ...{ from: spec.name, role: 'score', nullable: false, maxLevels: 64, period: null },
  ...spec,
});
const schema: readonly FeatureSpec[] = [
  feature({ name: 'size', type: 'positive' }),
  feature({ name: 'weight', type: 'real', nullable: true }),
  feature({ name: 'count', type: 'integer' }),
  feature({ name: 'share', type: 'unit' }),
  feature({ name: 'kind', type: 'categorical' }),
  feature({ name: 'place', type: 'categorical', role: 'context', nullable: true }),
  feature({ name: 'hour', type: 'cyclic', role: 'context', period: 24 }),
];

function rows(count: number, seed: number): FeatureTable {
  const random = new Random(seed);
  const records = Array.from({ length: count }, () => {
    const z = random.normal();
    return {
      size: Math.exp(1 + 0.5 * z),
      weight: random.uniform() < 0.2 ? null : 3 * z + random.normal(),
      count: Math.round(20 + 4 * z + random.normal()),
      share: 1 / (1 + Math.exp(-random.normal())),
      kind: random.uniform() < 0.5 ? 'a' : random.uniform() < 0.5 ? 'b' : `rare ${Math.floor(random.uniform() * 200)}`,
      place: random.uniform() < 0.1 ? null : random.uniform() < 0.5 ? 'north' : 'south',
      hour: 24 * random.uniform(),
    };
  });
  return createRecordReader(schema, {}).read(records).table;
}

async function trained(options: {
  readonly members: number;
  readonly test: 'density' | 'combined' | 'outlying';
  readonly data?: 'clean' | 'unlabelled';
}): Promise<ModelBundle> {
  const table = rows(9_000, 1);
  const part = (start: number, end: number): FeatureTable => sliceTable(table, start, end);
  const { bundle } = await trainDetector(
    {
      ...{ name: 'goods', schema, lookups: {}, family: 'realNVP', seed: 1, data: 'clean', alpha: 1e-3, steps: 40 },
      ...options,
    },
    {
      train: part(0, 4_000),
      validation: part(4_000, 4_500),
      calibration: part(4_500, 8_000),
      test: part(8_000, 9_000),
    },
  );
  return bundle;
}

const odd = (table: FeatureTable): FeatureTable => ({
  ...table,
  numeric: table.numeric.map((value, i) => (i % 7 === 0 ? value * 40 : value)),
});

describe('a model exported for browsers', () => {
  it.each([
    { members: 1, test: 'density' },
    { members: 2, test: 'density' },
    { members: 2, test: 'combined' },
    { members: 1, test: 'outlying', data: 'clean' },
    { members: 1, test: 'outlying', data: 'unlabelled' },
  ] as const)(
    'scores as the model does: $members members, by $test, data $data',
    async (options) => {
      const detector = await Detector.create(await trained(options), { alpha: 1e-3, backend: 'wasm' });
      try {
        const file = await detector.exportBrowser();
        expect(await detector.exportBrowser()).toEqual(file);
        const opened = await openBrowserBundle(file);
        for (const table of [rows(3_000, 5), odd(rows(600, 6))]) {
          const [here, there] = [await opened.scoreTable(table), await detector.score(table)];
          for (const [i, exact] of there.logDensityNats.entries()) {
            expect(errorInTolerances(here.logDensityNats[i]!, exact)).toBeLessThanOrEqual(2);
            expect(Math.abs(Math.log2(here.pValues[i]! / there.pValues[i]!))).toBeLessThan(0.2);
          }
          expect(here.outOfDomain).toEqual(there.outOfDomain);
          expect(here.pooled).toEqual(there.pooled);
        }
      } finally {
        detector.dispose();
      }
    },
    120_000,
  );

  it('tells which values its features had, and refuses another format', async () => {
    const detector = await Detector.create(await trained({ members: 1, test: 'density' }), {
      alpha: 1e-3,
      backend: 'wasm',
    });
    const file = await detector.exportBrowser();
    detector.dispose();
    const { features } = await openBrowserBundle(file);
    expect(features.map(({ values }) => values.kind)).toEqual([
      ...['number', 'number', 'number', 'number', 'levels', 'levels', 'cycle'],
    ]);
    const { tensors, metadata } = decodeSafetensors(file);
    const written = encodeSafetensors(Object.fromEntries(tensors), { ...metadata, version: '99' });
    await expect(openBrowserBundle(written)).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' });
    const without = encodeSafetensors(
      Object.fromEntries([...tensors].filter(([name]) => !name.endsWith('.wasm'))),
      metadata,
    );
    await expect(openBrowserBundle(without)).rejects.toMatchObject({ code: 'FLOWLINE_MODEL_CORRUPTED' });
  }, 120_000);
});
