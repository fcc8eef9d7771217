import { type FeatureEncoding, type FeatureTable, selectRows, strayRules } from '@flowline/features';

import type { DetectorTrainingSpec } from './training-spec.ts';

/** Rows to which a density can be fitted: their values lie in their domains, and none is stray. */
export function ordinaryRows(
  spec: Pick<DetectorTrainingSpec, 'data'>,
  encoding: FeatureEncoding,
  table: FeatureTable,
): FeatureTable {
  const { outOfDomain } = encoding.encode(table);
  const stray = strayRows(spec, encoding, table);
  const ordinary = Array.from({ length: table.size }, (_, row) => row).filter(
    (row) => outOfDomain[row] === 0 && stray[row] === 0,
  );
  return ordinary.length === table.size ? table : selectRows(table, ordinary);
}

/**
 * 1 for each stray row of a part of the history. All 0 if there are so many that they are a kind of
 * their own.
 */
export function strayRows(
  { data }: Pick<DetectorTrainingSpec, 'data'>,
  encoding: FeatureEncoding,
  table: FeatureTable,
): Uint8Array {
  const stray = encoding.strayRows(table);
  const count = stray.reduce((sum, one) => sum + one, 0);
  return count > strayRules[data].share * table.size ? new Uint8Array(table.size) : stray;
}
