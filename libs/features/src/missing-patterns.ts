import type { FeatureSpec } from '@flowline/events';

import { isLevelFeature } from './feature-schema.ts';
import type { FeatureTable } from './feature-table.ts';

/** Pattern of a complete row. */
export const COMPLETE = 0;
/** Pattern that no training row had. */
export const UNKNOWN_PATTERN = -1;

/** Maximum number of patterns: more could not each have enough rows to calibrate on. */
const MAX_PATTERNS = 4096;

/** Node of {@link MissingPatterns.nodes}. */
export type PatternNode = readonly [parent: number, feature: number, rows: number];

/**
 * Patterns of missing features, as small numbers: 0 for a complete row, −1 for a combination absent
 * from the training rows. A trie: each pattern is its parent's plus one more missing feature, in
 * schema order.
 */
export class MissingPatterns {
  /**
   * Node of pattern i + 1: [parent, schema index of one more feature, training rows with exactly
   * this pattern].
   */
  readonly nodes: readonly PatternNode[];
  private readonly children: ReadonlyMap<number, number>;
  private readonly features: number;

  constructor(features: number, nodes: readonly PatternNode[]) {
    this.features = features;
    this.nodes = nodes;
    this.children = new Map(nodes.map(([parent, feature], i) => [parent * features + feature, i + 1]));
  }

  /** Returns the pattern with one more missing feature. Features must come in schema order. */
  with(pattern: number, feature: number): number {
    return pattern === UNKNOWN_PATTERN
      ? UNKNOWN_PATTERN
      : (this.children.get(pattern * this.features + feature) ?? UNKNOWN_PATTERN);
  }

  /**
   * Returns the final pattern, once every feature is checked: unknown if no training row has
   * exactly this one.
   */
  settled(pattern: number): number {
    return pattern > 0 && this.nodes[pattern - 1]?.[2] === 0 ? UNKNOWN_PATTERN : pattern;
  }

  /** Schema indices of the features missing in a pattern, ascending. */
  featuresOf(pattern: number): readonly number[] {
    const missing: number[] = [];
    let node = this.nodes[pattern - 1];
    while (node !== undefined) {
      missing.unshift(node[1]);
      node = this.nodes[node[0] - 1];
    }
    return missing;
  }
}

/** Collects the patterns of the training rows. */
export function fitMissingPatterns(schema: readonly FeatureSpec[], table: FeatureTable): MissingPatterns {
  const nodes: [number, number, number][] = [];
  const children = new Map<number, number>();
  const isMissing = missingTest(schema, table);
  for (let row = 0; row < table.size; row++) {
    let pattern = COMPLETE;
    for (let feature = 0; feature < schema.length && pattern !== UNKNOWN_PATTERN; feature++) {
      if (!isMissing(row, feature)) continue;
      const key = pattern * schema.length + feature;
      let child = children.get(key) ?? UNKNOWN_PATTERN;
      if (child === UNKNOWN_PATTERN && nodes.length < MAX_PATTERNS) {
        child = nodes.push([pattern, feature, 0]);
        children.set(key, child);
      }
      pattern = child;
    }
    const node = nodes[pattern - 1];
    if (node !== undefined) node[2]++;
  }
  return new MissingPatterns(schema.length, nodes);
}

function missingTest(schema: readonly FeatureSpec[], table: FeatureTable): (row: number, feature: number) => boolean {
  let numeric = 0;
  let level = 0;
  const tests = schema.map((spec) => {
    if (isLevelFeature(spec)) {
      const at = level++;
      return (row: number) => (table.levels[row * table.levelWidth + at] ?? null) === null;
    }
    const at = numeric++;
    return (row: number) => Number.isNaN(table.numeric[row * table.numericWidth + at] ?? NaN);
  });
  return (row, feature) => tests[feature]?.(row) ?? false;
}
