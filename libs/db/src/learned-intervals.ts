import type { WeekOfIntervals } from '@flowline/alerts';

import type { Database } from './database.ts';
import { selectChampionManifest } from './sql/models.ts';
import { withTransaction } from './transaction.ts';

/** Intervals within which a training has learned to expect events, as stored with its model. */
export interface LearnedIntervals extends WeekOfIntervals {
  /** Unit whose gaps they are of. */
  readonly per: 'detector' | 'entity';
}

/** Reason why a training has learned no intervals from a history. */
export interface UnlearnedIntervals {
  readonly per: 'detector' | 'entity';
  readonly reason: string;
}

/**
 * Intervals that a training learned, or the reason why it did not, from the manifest of its model;
 * null if it was not to learn any.
 */
export function learnedIntervalsOf(manifest: unknown): LearnedIntervals | UnlearnedIntervals | null {
  if (typeof manifest !== 'object' || manifest === null || !('absence' in manifest)) return null;
  return manifest.absence as LearnedIntervals | UnlearnedIntervals;
}

/** Champion of a detector with the intervals that its training learned. */
export interface ChampionIntervals {
  readonly version: number;
  readonly learned: LearnedIntervals | UnlearnedIntervals | null;
}

/** Looks up the intervals of a detector's champion; null if it has no champion. */
export async function championIntervals(db: Database, detector: string): Promise<ChampionIntervals | null> {
  const found = await withTransaction(db, (client) => selectChampionManifest(client, { detector }));
  return found === null ? null : { version: found.version, learned: learnedIntervalsOf(found.manifest) };
}
