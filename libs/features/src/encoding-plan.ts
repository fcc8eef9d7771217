import type { FittedParts } from './encode-table.ts';
import type { Layout, Place } from './layout.ts';
import type { LevelChain } from './level-chain.ts';
import { MISSING, type LevelColumn } from './level-column.ts';
import { ENCODED_BOUND } from './numeric-column.ts';
import type { TransformConfig } from './transforms/transform.ts';

/**
 * A fitted encoding as data, for programs that are not this library (an exported model): how the raw values of an event become a
 * row [x | context], which is 0 where nothing is said below, and what the event's log-density needs besides the flow's:
 *
 *     log p(event) = flow log p(x | context) + Σ log|det| of the scored numbers + Σ log P of the scored levels,
 *
 * or −∞ where a number lies outside the domain of its transform. A missing feature (NaN, null) changes and counts nothing but its
 * presence column, which is 0; in `features.md` are the transforms, their domains and derivatives.
 */
export interface EncodingPlan {
  /** d, the columns of x. */
  readonly dimensions: number;
  /** c, the columns of the context, after those of x. */
  readonly context: number;
  /** Encoded numbers end at ± this. */
  readonly bound: number;
  /** In schema order. */
  readonly columns: readonly EncodingColumn[];
}

/** How one feature is encoded. */
export type EncodingColumn = NumberColumn | CyclicColumn | LevelsColumn;

interface EncodedFeature {
  readonly feature: string;
  /** Its column among the event's numbers, or among its levels. */
  readonly tableColumn: number;
  /** Its first column in the row. */
  readonly column: number;
  /** The column of the row that is 1 where it is observed; null for a feature that always is. */
  readonly presenceColumn: number | null;
}

/**
 * x = (transform(value) − mean) / std, within ± bound; row[column] = end = x within the range. Where scored, the log density has
 *
 *     min(log|det|, log|det| at the end of the range where x lies beyond it) − (x² − end²)/2,
 *
 * log|det| = log|transform′(value)| − log std, 0 of a constant column.
 */
export interface NumberColumn extends EncodedFeature {
  readonly type: 'number';
  readonly scored: boolean;
  readonly transform: TransformConfig;
  readonly mean: number;
  readonly std: number;
  /** The trained range of x; null for a feature that no training row had: its values count as missing. */
  readonly range: readonly [lowest: number, highest: number] | null;
  /** log|det| at the two ends of the range. */
  readonly logAbsDetAtEnds: readonly [number, number];
  readonly constant: boolean;
}

/** row[column] = sin(2π·(value mod period)/period), row[column + 1] = cos of the same. */
export interface CyclicColumn extends EncodedFeature {
  readonly type: 'cyclic';
  readonly period: number;
}

/** Of the level with index k: row[column + oneHot[k]] = 1 unless that is −1; where scored, log P = logProbability[previous][k]. */
export interface LevelsColumn extends EncodedFeature {
  readonly type: 'levels';
  readonly scored: boolean;
  /** A level's index is its place here; every other level has the index after them. */
  readonly levels: readonly string[];
  readonly oneHot: Int32Array;
  /**
   * [(m + 1) × K], row-major: by the index of the level feature before this one in the schema, then by this one's; the last
   * row is for no such feature and for a missing level.
   */
  readonly logProbability: Float64Array;
}

/** The plan of fitted parts. */
export function encodingPlan(layout: Layout, parts: FittedParts): EncodingPlan {
  return {
    dimensions: layout.dimensions,
    context: layout.contextNames.length,
    bound: ENCODED_BOUND,
    columns: layout.places.map((place) => columnOf(place, parts)),
  };
}

function columnOf(place: Place, parts: FittedParts): EncodingColumn {
  const { spec, kind, tableColumn, column, presenceColumn } = place;
  const feature = {
    feature: spec.name,
    tableColumn,
    column,
    presenceColumn: presenceColumn < 0 ? null : presenceColumn,
  };
  const levels = parts.levels[tableColumn];
  const chain = parts.chains[tableColumn];
  if (kind === 'levels' && levels !== undefined && chain !== undefined) {
    return {
      ...feature,
      type: 'levels',
      scored: spec.role === 'score',
      levels: levels.config.levels,
      oneHot: levels.columns,
      logProbability: logProbabilities(chain, levels, parts.levels[tableColumn - 1]),
    };
  }
  const numbers = parts.numeric[tableColumn];
  if (kind === 'cyclic' || numbers === null || numbers === undefined) {
    return { ...feature, type: 'cyclic', period: spec.period ?? 1 };
  }
  const { transform, mean, std, range, constant } = numbers.config;
  const { logAbsDetAtEnds } = numbers;
  const scored = kind === 'dimension';
  return { ...feature, type: 'number', scored, transform, mean, std, range, logAbsDetAtEnds, constant };
}

function logProbabilities(chain: LevelChain, own: LevelColumn, previous: LevelColumn | undefined): Float64Array {
  const before = [
    ...Array.from({ length: previous === undefined ? 0 : previous.unseenIndex + 1 }, (_, i) => i),
    MISSING,
  ];
  const indices = Array.from({ length: own.unseenIndex + 1 }, (_, i) => i);
  return Float64Array.from(
    before.flatMap((level) => indices.map((index) => Math.log(chain.probability(level, index)))),
  );
}
