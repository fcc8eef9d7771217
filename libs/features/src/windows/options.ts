import type { EntitySpec, FeatureSpec, WindowLimit } from '@flowline/events';

import type { Lookups } from '../lookup-column.ts';
import type { WindowMemory } from './window-memory.ts';

/** Definition of a partition's windows, and limits on what they remember. */
export interface EntityWindowsOptions {
  readonly schema: readonly FeatureSpec[];
  readonly lookups: Lookups;
  readonly entity: EntitySpec;
  /**
   * Maximum number of remembered entities (default 100,000). The entity with the longest silence is
   * forgotten first.
   */
  readonly maxEntities?: number;
  /**
   * Maximum number of remembered past values (default 1,000,000: 16 MB). Entities are forgotten in
   * the same order.
   */
  readonly maxEvents?: number;
  /**
   * Event time from which every event will be seen. −Infinity (the default) for a stream that is
   * read from its first record; null for one that is read from anywhere else.
   */
  readonly seenFromMs?: number | null;
  /** Memory budget shared with other windows (default: unlimited). */
  readonly memory?: WindowMemory;
  /** Called whenever a limit other than the shared memory's is reached and past is forgotten. */
  readonly onLimit?: (limit: WindowLimit) => void;
}
