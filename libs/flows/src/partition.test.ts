import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { partition, partitionSchemes } from './partition.ts';
import { Random } from './random.ts';

describe('partition', () => {
  it('is what the schemes say', () => {
    expect(partition('halves', 5, 3, new Random(1))).toEqual([
      [0, 1, 2],
      [3, 4],
      [0, 1, 2],
    ]);
    expect(partition('alternating', 5, 2, new Random(1))).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
    expect(partition('pairs', 1, 2, new Random(1))).toEqual([[], []]);
  });

  it('leaves something to condition on and something to transform, and pairs swap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...partitionSchemes),
        fc.integer({ min: 2, max: 12 }),
        fc.integer(),
        (scheme, d, seed) => {
          const layers = partition(scheme, d, 6, new Random(seed));
          expect(partition(scheme, d, 6, new Random(seed))).toEqual(layers);
          for (const [k, layer] of layers.entries()) {
            expect(new Set(layer).size).toBe(layer.length);
            expect(layer.every((i) => i >= 0 && i < d)).toBe(true);
            expect(layer.length).toBeGreaterThan(0);
            expect(layer.length).toBeLessThan(d);
            if (scheme !== 'random' && k % 2 === 1) {
              expect([...layers[k - 1]!, ...layer].sort((a, b) => a - b)).toEqual(
                Array.from({ length: d }, (_, i) => i),
              );
            }
          }
        },
      ),
    );
  });

  it('differs from pair to pair', () => {
    const layers = partition('pairs', 10, 8, new Random(1)).map((layer) => layer.join());
    expect(new Set(layers).size).toBe(8);
  });
});
