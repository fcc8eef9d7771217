import { describe, expect, it } from '@jest/globals';
import { Random, type SafeTensor } from '@flowline/flows';

import { IsolationForest } from '../statistic/isolation-forest.ts';
import { NearestRows } from '../statistic/nearest-rows.ts';
import type { OutlyingStatistic, Remoteness } from '../statistic/outlying.ts';
import type { Statistic } from '../statistic/statistic.ts';
import type { ModelSizes } from './checked.ts';
import { loadedStatistic, savedStatistic } from './saved-statistic.ts';

const sizes: ModelSizes = { dimensions: 2, width: 3, contexts: 0 };
const rows = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i) * (i % 7));
const statisticOf = (remoteness: Remoteness, gate: number): OutlyingStatistic => ({
  ...{ test: 'outlying', density: { median: 1, quarter: 2 }, remote: { median: 0.5, quarter: 0.1 } },
  ...{ remoteness, gate, missingNats: { b: -1.5 }, beyond: 40 },
});
const distance: Remoteness = { kind: 'distance', usual: 0.25, history: new NearestRows(rows, 3) };
const isolation: Remoteness = { kind: 'isolation', usual: -9, forest: IsolationForest.grow(rows, 3, new Random(1)) };

const reloaded = (
  statistic: OutlyingStatistic,
  change: (tensors: Map<string, SafeTensor>) => void = () => undefined,
): Statistic => {
  const { tensors, manifest } = savedStatistic(statistic);
  const own = new Map(Object.entries(tensors));
  change(own);
  return loadedStatistic(own, JSON.parse(JSON.stringify(manifest)), sizes);
};

describe('a saved outlying statistic', () => {
  it.each([
    ['distances', distance, 4],
    ['distances of all rows', distance, -Infinity],
    ['isolation', isolation, 4],
  ])('measures the same once loaded: %s', (_name, remoteness, gate) => {
    const loaded = reloaded(statisticOf(remoteness, gate));
    expect(loaded).toEqual(statisticOf(remoteness, gate));
  });

  it.each([
    ['without its rows', distance, (all: Map<string, SafeTensor>): void => void all.delete('statistic/history')],
    ['without its nodes', isolation, (all: Map<string, SafeTensor>): void => void all.delete('statistic/nodes')],
    ['without its roots', isolation, (all: Map<string, SafeTensor>): void => void all.delete('statistic/roots')],
    [
      'whose search would never end',
      isolation,
      (all: Map<string, SafeTensor>): void => void (all.get('statistic/nodes')!.data[2] = 0),
    ],
    [
      'that reads a column it lacks',
      isolation,
      (all: Map<string, SafeTensor>): void => void (all.get('statistic/nodes')!.data[0] = 3),
    ],
  ])('is refused %s', (_name, remoteness, change) => {
    const load = (): unknown => reloaded(statisticOf(remoteness, 4), change);
    expect(load).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_CORRUPTED' }));
  });

  it('is refused in a version that this release lacks', () => {
    const { tensors, manifest } = savedStatistic(statisticOf(distance, 4));
    const load = (): unknown => loadedStatistic(new Map(Object.entries(tensors)), { ...manifest, version: 9 }, sizes);
    expect(load).toThrow(expect.objectContaining({ code: 'FLOWLINE_MODEL_INCOMPATIBLE' }));
  });
});
