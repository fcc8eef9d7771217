import { championVersion, type Database, loadChampion } from '@flowline/db';
import { compareOnHeldOut, loadBundle, type ModelBundle } from '@flowline/detector';
import { FlowlineError } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';
import type { Logger } from '@flowline/telemetry';

import type { ChampionComparison } from './promotion.ts';

/**
 * Compares a new model with the champion on the same held-out rows, which neither has seen. A
 * champion that this release cannot read is reported as not comparable.
 * @returns null if there is no champion.
 */
export async function compareWithChampion(
  {
    db,
    logger,
    definition,
    backend,
    signal,
  }: {
    readonly db: Database;
    readonly logger: Logger;
    readonly definition: { readonly name: string };
    readonly backend: 'wasm' | 'cpu';
    readonly signal: AbortSignal;
  },
  challenger: ModelBundle,
  { heldOut, timesMs }: { readonly heldOut: ColumnTable; readonly timesMs: Float64Array },
  alpha: number,
): Promise<ChampionComparison | null> {
  const version = await championVersion(db, definition.name);
  if (version === null) return null;
  try {
    const stored = await loadChampion(db, definition.name);
    const champion = loadBundle(stored.bytes, stored.sha256);
    const comparison = await compareOnHeldOut(champion, challenger, heldOut, {
      ...{ alpha, timesMs },
      backend: `tfjs-${backend}`,
      signal,
    });
    return { ...comparison, champion: stored.version };
  } catch (error) {
    if (!(error instanceof FlowlineError) || !/^FLOWLINE_MODEL_(INCOMPATIBLE|CORRUPTED)$/.test(error.code)) throw error;
    logger.warn({ err: error, champion: version }, 'the champion cannot be read, so it cannot be compared');
    return { champion: version, comparable: false, reason: `it cannot be read (${error.code})` };
  }
}
