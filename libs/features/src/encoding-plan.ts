import type { FittedParts } from './encode-table.ts';
import type { Layout, Place } from './layout.ts';
import type { LevelChain } from './level-chain.ts';
import { MISSING, type LevelColumn } from './level-column.ts';
import { ENCODED_BOUND } from './numeric-column.ts';
import type { TransformConfig } from './transforms/transform.ts';

/**
 * Fitted encoding as data, for programs other than this library (an exported model). It defines how
 * the raw values of an event become a row [x | context], whose columns are 0 unless set below, and
 * the terms of the event's log-density besides the flow's:
 *
 *     log p(event) = flow log p(x | context)
 *                  + Σ log|det| of the scored numbers + Σ log P of the scored levels,
 *
 * or −∞ if a number lies outside the domain of its transform. A missing feature (NaN, null)
 * contributes nothing, and its presence column is 0. `features.md` lists the transforms with their
 * domains and derivatives.
 */
export interface EncodingPlan {
  /** Number of columns of x, d. */
  readonly dimensions: number;
  /** Number of context columns, c. They follow those of x. */
  readonly context: number;
  /** Limit of the encoded numbers, which lie within ± this value. */
  readonly bound: number;
  /** Encoded columns, in schema order. */
  readonly columns: readonly EncodingColumn[];
}

/** Encoding of one feature. */
export type EncodingColumn = NumberColumn | CyclicColumn | LevelsColumn;

interface EncodedFeature {
  readonly feature: string;
  /** Column among the event's numbers, or among its levels. */
  readonly tableColumn: number;
  /** First column in the row. */
  readonly column: number;
  /**
   * Column of the row that is 1 if the feature is observed; null for a feature that is always
   * observed.
   */
  readonly presenceColumn: number | null;
}

/**
 * x = (transform(value) − mean) / std, within ± bound; row[column] = end = x confined to the range.
 * If scored, the log-density has the term
 *
 *     min(log|det|, log|det| at the end of the range if x lies beyond it) − (x² − end²)/2,
 *
 * with log|det| = log|transform′(value)| − log std, or 0 for a constant column.
 */
export interface NumberColumn extends EncodedFeature {
  readonly type: 'number';
  readonly scored: boolean;
  readonly transform: TransformConfig;
  readonly mean: number;
  readonly std: number;
  /** Trained range of x. Null if no training row had a value: then values count as missing. */
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

/**
 * For the level with index k, row[column + oneHot[k]] = 1 unless oneHot[k] is −1. If scored, log P
 * = logProbability[previous][k].
 */
export interface LevelsColumn extends EncodedFeature {
  readonly type: 'levels';
  readonly scored: boolean;
  /** Known levels, by index. Every other level has the next index after them. */
  readonly levels: readonly string[];
  readonly oneHot: Int32Array;
  /**
   * [(m + 1) × K], row-major: by the index of the previous level feature in the schema, then by
   * that of this one. The last row applies if there is no previous feature or its level is missing.
   */
  readonly logProbability: Float64Array;
}

/** Returns the plan of fitted parts. */
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
