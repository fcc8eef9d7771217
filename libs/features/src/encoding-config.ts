import type { FeatureSpec } from '@flowline/events';

import type { LevelChainConfig } from './level-chain.ts';
import type { LevelColumnConfig } from './level-column.ts';
import type { PatternNode } from './missing-patterns.ts';
import type { NumericColumnConfig } from './numeric-column.ts';

/** Format name of a saved encoding, and the version written. */
export const ENCODING_FORMAT = 'flowline-features';
export const ENCODING_VERSION = 2;
/**
 * Older version that is still read. It has no trained ranges, so the flow is evaluated everywhere.
 */
export const RANGELESS_VERSION = 1;

/** Fitted encoding as plain JSON. Numbers survive JSON text bit for bit. */
export interface FeatureEncodingConfig {
  readonly format: typeof ENCODING_FORMAT;
  readonly version: typeof ENCODING_VERSION;
  readonly schema: readonly FeatureSpec[];
  /**
   * One entry per numeric feature, in schema order; null for cyclic features, which have nothing to
   * fit.
   */
  readonly numeric: readonly (NumericColumnConfig | null)[];
  /** One entry per level feature, in schema order. */
  readonly levels: readonly LevelColumnConfig[];
  /**
   * One entry per level feature, conditional on the one before; null if it is the first or not
   * scored.
   */
  readonly chains: readonly (LevelChainConfig | null)[];
  /** Combinations of missing features in the training rows. */
  readonly missingPatterns: readonly PatternNode[];
  readonly trainedRows: number;
  /** Warnings about the training rows, for people. */
  readonly warnings: readonly string[];
}
