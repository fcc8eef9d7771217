import type { Database } from '@flowline/db';
import { compareOnHeldOut, type ModelBundle } from '@flowline/detector';
import type { ColumnTable } from '@flowline/features';
import type { Logger } from '@flowline/telemetry';

import type { ChampionComparison } from './promotion.ts';
import { readChampion } from './read-champion.ts';

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
  const champion = await readChampion(db, logger, definition.name);
  if (champion === null) return null;
  const { version, bundle } = champion;
  if (bundle === null) {
    return { champion: version, comparable: false, reason: `it cannot be read (${champion.code})` };
  }
  const comparison = await compareOnHeldOut(bundle, challenger, heldOut, {
    ...{ alpha, timesMs },
    backend: `tfjs-${backend}`,
    signal,
  });
  return { ...comparison, champion: version };
}
