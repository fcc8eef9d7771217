import { at, blocksOf, type FeatureSpec, type Steps } from '@flowline/events';

import type { ColumnTable } from './column-table.ts';
import { isLevelFeature } from './feature-schema.ts';

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

/** Rows whose missing values are looked at together. */
const BLOCK_ROWS = 8_192;

/** Collects the patterns of the training rows, in steps. Only nullable features may be missing. */
export function* fitMissingPatterns(schema: readonly FeatureSpec[], table: ColumnTable): Steps<MissingPatterns> {
  const nodes: [number, number, number][] = [];
  const children = new Map<number, number>();
  const features = nullableFeatures(schema);
  for (const [start, end] of features.length === 0 ? [] : blocksOf(table.size, BLOCK_ROWS)) {
    const rows = table.slice(start, end);
    const missing = features.map((feature) => missingRows(feature, rows));
    for (let row = 0; row < rows.size; row++) {
      let pattern = COMPLETE;
      for (let i = 0; i < features.length && pattern !== UNKNOWN_PATTERN; i++) {
        if (at(missing, i)[row] !== 1) continue;
        const { feature } = at(features, i);
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
    yield;
  }
  return new MissingPatterns(schema.length, nodes);
}

/** A nullable feature: its index in the schema, and its column among the numbers or the levels. */
interface NullableFeature {
  readonly feature: number;
  readonly isLevel: boolean;
  readonly column: number;
}

function nullableFeatures(schema: readonly FeatureSpec[]): readonly NullableFeature[] {
  let numeric = 0;
  let level = 0;
  return schema.flatMap((spec, feature) => {
    const isLevel = isLevelFeature(spec);
    const column = isLevel ? level++ : numeric++;
    return spec.nullable ? [{ feature, isLevel, column }] : [];
  });
}

/** 1 for each row without a value of a feature. */
function missingRows({ isLevel, column }: NullableFeature, table: ColumnTable): Uint8Array {
  const missing = new Uint8Array(table.size);
  let row = 0;
  if (isLevel) {
    for (const indices of table.levels(column)) for (const index of indices) missing[row++] = index < 0 ? 1 : 0;
  } else {
    for (const values of table.numbers(column))
      for (const value of values) missing[row++] = Number.isNaN(value) ? 1 : 0;
  }
  return missing;
}
