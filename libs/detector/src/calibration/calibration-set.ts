import { at, atOnce, blocksOf, type Steps } from '@flowline/events';
import type { Random } from '@flowline/flows';

import { minimumRows } from '../minimum-rows.ts';
import { valueAt } from '../sorted.ts';
import { fitCalibrationSteps, pValueOf, type Calibration, type PValue } from './calibration.ts';
import { type GroupedRows, groupRows, type RowGroup } from './row-groups.ts';
import type { RowTraits } from './row-traits.ts';

/** Calibration of a group of rows, and of its parts by the levels of a context feature. */
export interface CalibrationGroup extends Calibration {
  /** Parts with enough rows of their own; null for none. */
  readonly split: ContextSplit | null;
}

/** Calibrations by the level of a context feature. */
export interface ContextSplit {
  /** Index among the context features with levels. */
  readonly context: number;
  readonly byLevel: ReadonlyMap<string, CalibrationGroup>;
}

/**
 * Calibrations of a model: one of all rows, and one for each combination of missing features with
 * enough rows.
 */
export interface CalibrationSet {
  /** Calibration of all rows, whose scores are made comparable by {@link missingNats}. */
  readonly pooled: CalibrationGroup;
  /** Calibration by missing pattern, ascending. */
  readonly byPattern: ReadonlyMap<number, CalibrationGroup>;
  /**
   * Mean log density of each nullable feature given the others, in nats: the amount by which a
   * score lacks it if the feature is missing.
   */
  readonly missingNats: Readonly<Record<string, number>>;
}

/** p-value, and whether it comes from rows whose missing features differ from the event's. */
export interface PatternPValue extends PValue {
  readonly pooled: boolean;
}

/** Scores to calibrate on, by group. */
export interface GroupedScores extends GroupedRows {
  /** −log p per row. */
  readonly scores: Float64Array;
  /** The same, comparable between missing patterns. */
  readonly comparable: Float64Array;
  readonly missingNats: CalibrationSet['missingNats'];
}

/**
 * Calibrates scores by missing pattern, for patterns with at least 400 rows, and pooled. A density
 * over fewer features is on another scale, so scores of different patterns are not comparable.
 *
 * @throws FlowlineError as {@link fitCalibration} does.
 */
export function fitCalibrationSet(scores: Float64Array, patterns: Int32Array, random: Random): CalibrationSet {
  const leftOut = new Uint8Array(scores.length);
  const grouped = atOnce(groupRows({ patterns, leftOut, contexts: 0, level: () => null }));
  return atOnce(fitCalibrationSetSteps({ ...grouped, scores, comparable: scores, missingNats: {} }, random));
}

/**
 * Calibrates scores pooled and by group, in steps. Within a missing pattern, an event is compared
 * with rows of its own context where there are enough of them.
 *
 * @throws FlowlineError as {@link fitCalibration} does.
 */
export function* fitCalibrationSetSteps(
  rows: GroupedScores,
  random: Random,
  leastRows: number = minimumRows.calibration,
): Steps<CalibrationSet> {
  const { scores, comparable, missingNats } = rows;
  const all = yield* fitCalibrationSteps(comparable, random.fork('pooled'), leastRows);
  const fitted: CalibrationGroup[] = [];
  // Parents come before their parts, so parts are fitted first, from the last.
  for (let index = rows.groups.length - 1; index >= 0; index--) {
    yield;
    const own = yield* scoresWithin(rows, index);
    const isAll = own.length === scores.length;
    const calibration = isAll ? all : yield* fitCalibrationSteps(own, random.fork(nameOf(rows.groups, index)));
    fitted[index] = { ...calibration, split: splitOf(rows.groups, fitted, index) };
  }
  const byPattern = new Map<number, CalibrationGroup>();
  rows.groups.forEach(({ parent, pattern }, index) => {
    if (parent === null) byPattern.set(pattern, at(fitted, index));
  });
  const whole = [...byPattern.values()].find((group) => group.scores === all.scores);
  return { pooled: whole ?? { ...all, split: null }, byPattern, missingNats };
}

function* scoresWithin({ scores, groups, groupOf }: GroupedScores, index: number): Steps<Float64Array> {
  const isWithin = groups.map((_, each) => {
    let group: number | null = each;
    while (group !== null && group !== index) group = at(groups, group).parent;
    return group === index;
  });
  const own = new Float64Array(scores.length);
  let count = 0;
  for (const [start, end] of blocksOf(scores.length)) {
    for (let row = start; row < end; row++) {
      if (isWithin[valueAt(groupOf, row)] === true) own[count++] = valueAt(scores, row);
    }
    yield;
  }
  return own.slice(0, count);
}

function nameOf(groups: readonly RowGroup[], index: number): string {
  const { parent, pattern, level } = at(groups, index);
  return parent === null ? `pattern ${pattern}` : `${nameOf(groups, parent)}, level ${level ?? ''}`;
}

function splitOf(groups: readonly RowGroup[], fitted: readonly CalibrationGroup[], index: number): ContextSplit | null {
  const byLevel = new Map<string, CalibrationGroup>();
  let context: number | null = null;
  for (const [part, group] of groups.entries()) {
    if (group.parent !== index || group.level === null) continue;
    context = group.context;
    byLevel.set(group.level, at(fitted, part));
  }
  return context === null ? null : { context, byLevel };
}

/**
 * p-value of a score s = −log p of a row with this missing pattern, among calibration rows of its
 * pattern and of its context.
 */
export function patternPValue(
  set: CalibrationSet,
  score: number,
  pattern: number,
  row = 0,
  traits: RowTraits | null = null,
): PatternPValue {
  const own = set.byPattern.get(pattern);
  const pooled = own === undefined;
  const group = traits === null ? (own ?? set.pooled) : withinContext(own ?? set.pooled, row, traits);
  const lacking = pooled && traits !== null ? lackingNats(set.missingNats, traits.missing(row)) : 0;
  const { p, method } = pValueOf(group, score - lacking);
  return { p, method, pooled };
}

/** Smallest part of a group with rows of a row's own context. */
function withinContext(group: CalibrationGroup, row: number, traits: RowTraits): CalibrationGroup {
  if (group.split === null) return group;
  const level = traits.level(row, group.split.context);
  const part = level === null ? undefined : group.split.byLevel.get(level);
  return part === undefined ? group : withinContext(part, row, traits);
}

/** Mean log density of features that are missing, by which a score is made comparable. */
export function lackingNats(missingNats: CalibrationSet['missingNats'], missing: readonly string[]): number {
  // A feature may have any name, such as `constructor`.
  return missing.reduce((sum, name) => sum + (Object.hasOwn(missingNats, name) ? (missingNats[name] ?? 0) : 0), 0);
}
