import { blocksOf, type Steps } from '@flowline/events';
import { sortNumbers } from '@flowline/features';

import { type CalibrationSet, type GroupedScores, lackingNats } from '../calibration/calibration-set.ts';
import { outlyingScores } from '../calibration/outlying-scores.ts';
import { groupRows } from '../calibration/row-groups.ts';
import type { RowTraits } from '../calibration/row-traits.ts';
import type { LogDensities } from '../log-densities.ts';
import { valueAt } from '../sorted.ts';

/** Missing patterns of a complete row, and of a combination that no training row had. */
const [COMPLETE, UNKNOWN] = [0, -1];
/** Rows of a group below which its outliers are looked for among all rows. */
const FEWEST_ROWS = 400;

/** Scored rows of the calibration part, with everything that decides how they are compared. */
export interface ScoredRows extends LogDensities {
  readonly traits: RowTraits;
  /** Number of context features with levels. */
  readonly contexts: number;
  /** 1 for each row with a value of another kind than any training row. */
  readonly stray: Uint8Array;
  readonly missingNats: CalibrationSet['missingNats'];
}

/** Scores that neither levels nor missing features shift, in place of densities. */
export function flat(scores: Float64Array): Pick<ScoredRows, 'logDensityNats' | 'logLevels' | 'missingNats'> {
  return {
    logDensityNats: scores.map((score) => -score),
    logLevels: new Float64Array(scores.length),
    missingNats: {},
  };
}

/**
 * Scores of the usual rows among scored ones, by group and in steps: all rows with a density that
 * are not stray, and of these, unless `hasOutliers` is false, those that the tail of the others
 * explains.
 */
export function* usualScores(rows: ScoredRows, hasOutliers: boolean): Steps<GroupedScores> {
  const leftOut = yield* withoutDensity(rows);
  const { missingPattern: patterns, contexts, traits } = rows;
  const grouped = yield* groupRows({ patterns, leftOut, contexts, level: traits.level });
  const all = { ...rows, ...grouped, leftOut, comparable: yield* comparableScores(rows) };
  return hasOutliers ? yield* withoutOutliers(all) : yield* keptScores(all, new Map());
}

/** Rows that are grouped and comparable. */
interface ComparableRows extends ScoredRows, Pick<GroupedScores, 'groups' | 'groupOf' | 'comparable'> {
  readonly leftOut: Uint8Array;
}

/** 1 for each row of zero density, and for each stray row. */
function* withoutDensity({ logDensityNats, stray }: ScoredRows): Steps<Uint8Array> {
  const leftOut = new Uint8Array(logDensityNats.length);
  for (const [start, end] of blocksOf(leftOut.length)) {
    for (let row = start; row < end; row++) {
      if (!Number.isFinite(logDensityNats[row]) || stray[row] === 1) leftOut[row] = 1;
    }
    yield;
  }
  return leftOut;
}

/** Scores of all rows on one scale: less the mean log density of the features that each lacks. */
function* comparableScores(rows: ScoredRows): Steps<Float64Array> {
  const { logDensityNats, missingPattern, missingNats: nats, traits } = rows;
  const known = new Map([[COMPLETE, 0]]);
  const scores = new Float64Array(logDensityNats.length);
  for (const [start, end] of blocksOf(scores.length)) {
    for (let row = start; row < end; row++) {
      const pattern = valueAt(missingPattern, row);
      const lacking = known.get(pattern) ?? lackingNats(nats, traits.missing(row));
      if (pattern !== UNKNOWN) known.set(pattern, lacking);
      scores[row] = -valueAt(logDensityNats, row) - lacking;
    }
    yield;
  }
  return scores;
}

/** Outcome of the search for outliers within a group: the cut, and normal scores beyond it. */
type Outlying = ReadonlyMap<number, { readonly cut: number; readonly replacements: Float64Array }>;

/**
 * Leaves out what the tail of the others does not explain, group by group: scores without log P of
 * the levels, since a rare level is no outlier. Rows of rare patterns and contexts are judged among
 * all rows.
 */
function* withoutOutliers(rows: ComparableRows): Steps<GroupedScores> {
  const members = yield* countedGroups(rows);
  const outlying = new Map<number, { cut: number; replacements: Float64Array }>();
  const few: number[] = [];
  for (const [group, size] of members) {
    if (members.size > 1 && (group < 0 || size < FEWEST_ROWS)) few.push(group);
    else outlying.set(group, yield* outlyingScores(yield* valuesOf(rows, (_, own) => own === group)));
  }
  if (few.length > 0) {
    const { cut } = yield* outlyingScores(yield* valuesOf(rows, () => true));
    for (const group of few) outlying.set(group, { cut, replacements: new Float64Array(0) });
  }
  return yield* keptScores(rows, outlying);
}

/** Number of rows of each group that are not left out. */
function* countedGroups({ groupOf, leftOut }: ComparableRows): Steps<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (const [start, end] of blocksOf(groupOf.length)) {
    for (let row = start; row < end; row++) {
      const group = valueAt(groupOf, row);
      if (leftOut[row] === 0) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    yield;
  }
  return counts;
}

/** Comparable scores without log P of the levels of some rows, ascending. */
function* valuesOf(
  { groupOf, comparable, logLevels, leftOut }: ComparableRows,
  isWanted: (row: number, group: number) => boolean,
): Steps<Float64Array> {
  const values = new Float64Array(groupOf.length);
  let count = 0;
  for (const [start, end] of blocksOf(groupOf.length)) {
    for (let row = start; row < end; row++) {
      if (leftOut[row] === 1 || !isWanted(row, valueAt(groupOf, row))) continue;
      values[count++] = valueAt(comparable, row) + valueAt(logLevels, row);
    }
    yield;
  }
  return yield* sortNumbers(values.slice(0, count));
}

/**
 * Scores of the rows within their cuts, and of those that stand for normal rows beyond them. These
 * have levels of rows of their group, at even distances.
 */
function* keptScores(rows: ComparableRows, outlying: Outlying): Steps<GroupedScores> {
  const { groups, missingNats, logDensityNats, groupOf, comparable } = rows;
  const kept = yield* rowsWithinCuts(rows, outlying);
  const added = yield* standIns(rows, kept, outlying);
  const size = kept.length + added.length;
  const all = { groupOf: new Int32Array(size), scores: new Float64Array(size), comparable: new Float64Array(size) };
  for (const [start, end] of blocksOf(kept.length)) {
    for (let i = start; i < end; i++) {
      const row = valueAt(kept, i);
      all.groupOf[i] = valueAt(groupOf, row);
      all.scores[i] = -valueAt(logDensityNats, row);
      all.comparable[i] = valueAt(comparable, row);
    }
    yield;
  }
  for (const [i, each] of added.entries()) {
    all.groupOf[kept.length + i] = each.group;
    all.scores[kept.length + i] = each.comparable + each.lacking;
    all.comparable[kept.length + i] = each.comparable;
  }
  return { groups, missingNats, ...all };
}

/** Rows within the cuts of their groups, in their order. */
function* rowsWithinCuts(
  { comparable, logLevels, groupOf, leftOut }: ComparableRows,
  outlying: Outlying,
): Steps<Int32Array> {
  const kept = new Int32Array(groupOf.length);
  let count = 0;
  for (const [start, end] of blocksOf(groupOf.length)) {
    for (let row = start; row < end; row++) {
      const value = valueAt(comparable, row) + valueAt(logLevels, row);
      if (leftOut[row] === 1 || value > (outlying.get(valueAt(groupOf, row))?.cut ?? Infinity)) continue;
      kept[count++] = row;
    }
    yield;
  }
  return kept.subarray(0, count);
}

/** Score that stands for a normal row beyond the cut of its group. */
interface StandIn {
  readonly group: number;
  readonly comparable: number;
  /** Mean log density of the features that it lacks. */
  readonly lacking: number;
}

function* standIns(rows: ComparableRows, kept: Int32Array, outlying: Outlying): Steps<readonly StandIn[]> {
  const { groups, groupOf, logDensityNats, comparable, logLevels } = rows;
  const found: StandIn[] = [];
  for (const group of groups.keys()) {
    const replacements = outlying.get(group)?.replacements;
    if (replacements === undefined || replacements.length === 0) continue;
    const own = yield* rowsOfGroup(kept, groupOf, group);
    replacements.forEach((value, i) => {
      const row = valueAt(own, Math.floor(((i + 0.5) * own.length) / replacements.length));
      const lacking = -valueAt(logDensityNats, row) - valueAt(comparable, row);
      found.push({ group, comparable: value - valueAt(logLevels, row), lacking });
    });
  }
  return found;
}

/** Rows of a group among some rows, in their order. */
function* rowsOfGroup(rows: Int32Array, groupOf: Int32Array, group: number): Steps<Int32Array> {
  const own = new Int32Array(rows.length);
  let count = 0;
  for (const [start, end] of blocksOf(rows.length)) {
    for (let i = start; i < end; i++) {
      const row = valueAt(rows, i);
      if (groupOf[row] === group) own[count++] = row;
    }
    yield;
  }
  return own.subarray(0, count);
}
