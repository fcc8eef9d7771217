import { at, blocksOf, type Steps } from '@flowline/events';
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
  const members = new Map<number, number>();
  rows.groupOf.forEach((group, row) => {
    if (rows.leftOut[row] === 0) members.set(group, (members.get(group) ?? 0) + 1);
  });
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
  const { logDensityNats, comparable, logLevels, groupOf, leftOut } = rows;
  const kept: number[] = [];
  const byGroup = rows.groups.map((): number[] => []);
  for (const [start, end] of blocksOf(groupOf.length)) {
    for (let row = start; row < end; row++) {
      const group = valueAt(groupOf, row);
      const value = valueAt(comparable, row) + valueAt(logLevels, row);
      if (leftOut[row] === 1 || value > (outlying.get(group)?.cut ?? Infinity)) continue;
      kept.push(row);
      byGroup[group]?.push(row);
    }
    yield;
  }
  const added = rows.groups.flatMap((_, group) =>
    Array.from(outlying.get(group)?.replacements ?? [], (value, i, all = outlying.get(group)?.replacements) => {
      const own = at(byGroup, group);
      const row = at(own, Math.floor(((i + 0.5) * own.length) / (all?.length ?? 1)));
      const lacking = -valueAt(logDensityNats, row) - valueAt(comparable, row);
      return { group, comparable: value - valueAt(logLevels, row), lacking };
    }),
  );
  return {
    groups: rows.groups,
    missingNats: rows.missingNats,
    groupOf: Int32Array.from([...kept.map((row) => valueAt(groupOf, row)), ...added.map(({ group }) => group)]),
    scores: Float64Array.from([
      ...kept.map((row) => -valueAt(logDensityNats, row)),
      ...added.map((each) => each.comparable + each.lacking),
    ]),
    comparable: Float64Array.from([
      ...kept.map((row) => valueAt(comparable, row)),
      ...added.map((each) => each.comparable),
    ]),
  };
}
