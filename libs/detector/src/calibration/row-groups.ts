import { at, blocksOf, type Steps } from '@flowline/events';

import { valueAt } from '../sorted.ts';

/** Minimum rows of a missing pattern for its own calibration: with fewer, no tail is fitted. */
const PATTERN_ROWS = 400;
/** Minimum rows of a level of a context for a calibration of its own. */
const LEVEL_ROWS = 1_000;

/** Calibration rows that are compared with each other. */
export interface RowGroup {
  readonly pattern: number;
  /** Group that it is a part of; null if it has all rows of its pattern. */
  readonly parent: number | null;
  /** Context feature, and its level, that its rows have in common within the parent. */
  readonly context: number | null;
  readonly level: string | null;
}

/** Groups, parents first, and the smallest one that each row belongs to. */
export interface GroupedRows {
  readonly groups: readonly RowGroup[];
  /** Index per row; −1 for rows of a rare pattern, and for rows that are left out. */
  readonly groupOf: Int32Array;
}

/** Rows to group. */
export interface RowsToGroup {
  readonly patterns: Int32Array;
  /** 1 for each row that is left out. */
  readonly leftOut: Uint8Array;
  /** Number of context features with levels. */
  readonly contexts: number;
  readonly level: (row: number, context: number) => string | null;
}

/**
 * Groups rows by missing pattern, where it has at least 400 rows, and within it by the levels of
 * the context that have at least 1,000: by those of the first such feature in the order of the
 * schema, within them by those of the next. In steps.
 */
export function* groupRows(rows: RowsToGroup): Steps<GroupedRows> {
  const groups: RowGroup[] = [];
  const groupOf = new Int32Array(rows.patterns.length).fill(-1);
  const kept = yield* countedBy(groupOf, (row) => (rows.leftOut[row] === 1 ? null : valueAt(rows.patterns, row)));
  const all = [...kept.values()].reduce((sum, count) => sum + count, 0);
  const indexOf = new Map<number, number>();
  for (const [pattern, count] of [...kept].sort(([a], [b]) => a - b)) {
    if (count < PATTERN_ROWS && count < all) continue;
    indexOf.set(pattern, groups.push({ pattern, parent: null, context: null, level: null }) - 1);
  }
  yield* assign(groupOf, (row) => (rows.leftOut[row] === 1 ? undefined : indexOf.get(valueAt(rows.patterns, row))));
  for (let parent = 0; parent < groups.length; parent++) yield* split(rows, groups, groupOf, parent);
  return { groups, groupOf };
}

/** Moves rows of a group to groups of their levels of the first context feature that has some. */
function* split(rows: RowsToGroup, groups: RowGroup[], groupOf: Int32Array, parent: number): Steps<void> {
  const { pattern, context: last } = at(groups, parent);
  for (let context = (last ?? -1) + 1; context < rows.contexts; context++) {
    const levelOf = (row: number): string | null => (groupOf[row] === parent ? rows.level(row, context) : null);
    const counts = yield* countedBy(groupOf, levelOf);
    const indexOf = new Map<string, number>();
    for (const [level, count] of counts) {
      if (count >= LEVEL_ROWS) indexOf.set(level, groups.push({ pattern, parent, context, level }) - 1);
    }
    if (indexOf.size === 0) continue;
    yield* assign(groupOf, (row) => indexOf.get(levelOf(row) ?? ''));
    return;
  }
}

function* countedBy<T>(rows: Int32Array, keyOf: (row: number) => T | null): Steps<ReadonlyMap<T, number>> {
  const counts = new Map<T, number>();
  for (const [start, end] of blocksOf(rows.length)) {
    for (let row = start; row < end; row++) {
      const key = keyOf(row);
      if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    yield;
  }
  return counts;
}

function* assign(groupOf: Int32Array, indexOf: (row: number) => number | undefined): Steps<void> {
  for (const [start, end] of blocksOf(groupOf.length)) {
    for (let row = start; row < end; row++) groupOf[row] = indexOf(row) ?? valueAt(groupOf, row);
    yield;
  }
}
