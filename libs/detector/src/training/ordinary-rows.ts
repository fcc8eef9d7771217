import { at, blocksOf, type Steps } from '@flowline/events';
import { type ColumnTable, type FeatureEncoding, mostStrays, strayRules } from '@flowline/features';

import { countMarked } from '../marked.ts';
import type { DetectorTrainingSpec } from './training-spec.ts';

/**
 * Rows to which a density can be fitted, by index and in steps: their values lie in their domains,
 * and none is stray.
 */
export function* ordinaryRows(
  spec: Pick<DetectorTrainingSpec, 'data'>,
  encoding: FeatureEncoding,
  table: ColumnTable,
): Steps<Int32Array> {
  const outOfDomain = yield* encoding.outOfDomainRows(table);
  const stray = yield* strayRows(spec, encoding, table);
  const ordinary = new Int32Array(table.size);
  let count = 0;
  for (const [start, end] of blocksOf(table.size)) {
    for (let row = start; row < end; row++) {
      if (at(outOfDomain, row) === 0 && at(stray, row) === 0) ordinary[count++] = row;
    }
    yield;
  }
  return ordinary.subarray(0, count);
}

/**
 * 1 for each stray row of a part of the history, in steps. All 0 if there are so many that they are
 * a kind of their own.
 */
export function* strayRows(
  { data }: Pick<DetectorTrainingSpec, 'data'>,
  encoding: FeatureEncoding,
  table: ColumnTable,
): Steps<Uint8Array> {
  const stray = yield* encoding.strayRows(table);
  const count = countMarked(stray);
  return count > mostStrays(table.size, strayRules[data]) ? new Uint8Array(table.size) : stray;
}
