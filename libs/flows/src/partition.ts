import { checkValue } from './options/check-options.ts';
import * as rules from './options/config-rules.ts';
import { oneOf, whole } from './options/rules.ts';
import type { Random } from './random.ts';

/** Schemes that divide the features of each coupling into conditioning and transformed ones. */
export const partitionSchemes = ['halves', 'alternating', 'random', 'pairs'] as const;
/**
 * `halves`: the first ⌈d/2⌉ features condition, then the rest. `alternating`: the even features
 * condition, then the odd ones (the paper's checkerboard in one dimension). `random`: a random
 * ⌈d/2⌉ in every layer. `pairs`: a random ⌈d/2⌉, then the others, so that every two layers
 * transform every feature once.
 */
export type PartitionScheme = (typeof partitionSchemes)[number];

/**
 * Conditioning features of each layer, in ascending order; all others are transformed. With one
 * feature nothing conditions, and every layer transforms it. Throws FLOWLINE_USAGE if features < 1.
 */
export function partition(scheme: PartitionScheme, features: number, layers: number, random: Random): number[][] {
  checkValue('partition.scheme', scheme, oneOf(...partitionSchemes));
  checkValue('partition.features', features, whole(1));
  checkValue('partition.layers', layers, whole(0));
  checkValue('partition.random', random, rules.generator);
  const all = Array.from({ length: features }, (_, i) => i);
  if (features === 1) return Array.from({ length: layers }, () => []);
  const half = Math.ceil(features / 2);
  const sorted = (indices: readonly number[]) => [...indices].sort((a, b) => a - b);
  let order = all;
  return Array.from({ length: layers }, (_, layer) => {
    const isFirst = layer % 2 === 0;
    switch (scheme) {
      case 'halves':
        return isFirst ? all.slice(0, half) : all.slice(half);
      case 'alternating':
        return all.filter((i) => (i % 2 === 0) === isFirst);
      case 'random':
        return sorted([...random.permutation(features)].slice(0, half));
      case 'pairs':
        if (isFirst) order = [...random.permutation(features)];
        return sorted(isFirst ? order.slice(0, half) : order.slice(half));
    }
  });
}
