import { movedFeatures, movedWords } from '@flowline/detector';
import { type FeatureSpec, inTurns } from '@flowline/events';
import type { ColumnTable } from '@flowline/features';

/** Distance of two distributions, of 1, beyond which the halves of a history do not agree. */
const DISAGREEING = 0.3;

/**
 * Warning about a history in time order whose halves do not agree, naming the features that moved
 * most. Null if they agree.
 */
export async function driftWarning(
  where: string,
  schema: readonly FeatureSpec[],
  table: ColumnTable,
): Promise<string | null> {
  const half = Math.floor(table.size / 2);
  const moved = await inTurns(movedFeatures(schema, table.slice(0, half), table.slice(half, table.size)), undefined);
  // Parts of the calendar move by themselves.
  const far = moved.filter(({ distance, period }) => distance >= DISAGREEING && period === null);
  if (far.length === 0) return null;
  return `the halves of ${where} do not agree: ${movedWords(far)}. A model of both fits neither well: take the rows since the change, or leave those columns out`;
}
