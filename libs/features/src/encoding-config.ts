import type { FeatureSpec } from '@flowline/events';

import type { LevelChainConfig } from './level-chain.ts';
import type { LevelColumnConfig } from './level-column.ts';
import type { PatternNode } from './missing-patterns.ts';
import type { NumericColumnConfig } from './numeric-column.ts';

/** The format of a saved encoding, and the version that is written. */
export const ENCODING_FORMAT = 'flowline-features';
export const ENCODING_VERSION = 2;
/** A version that is read as well: without trained ranges, it asks the flow everywhere, as it did. */
export const RANGELESS_VERSION = 1;

/** A fitted encoding as plain JSON: numbers survive JSON text bit for bit. */
export interface FeatureEncodingConfig {
  readonly format: typeof ENCODING_FORMAT;
  readonly version: typeof ENCODING_VERSION;
  readonly schema: readonly FeatureSpec[];
  /** One a numeric feature, in schema order; null for a cyclic one, which has nothing to fit. */
  readonly numeric: readonly (NumericColumnConfig | null)[];
  /** One a level feature, in schema order. */
  readonly levels: readonly LevelColumnConfig[];
  /** Each level feature given the one before; null where it is the first, or not scored. */
  readonly chains: readonly (LevelChainConfig | null)[];
  /** Combinations of missing features in the training rows. */
  readonly missingPatterns: readonly PatternNode[];
  readonly trainedRows: number;
  /** What a person should know of the training rows. */
  readonly warnings: readonly string[];
}
