import { at, type FeatureSpec, type FeatureType, FlowlineError, type Steps } from '@flowline/events';
import type { Random } from '@flowline/flows';

import type { ColumnTable } from './column-table.ts';
import { decodeRows } from './decode-rows.ts';
import { drawConditions, type GivenValues } from './draw-conditions.ts';
import { encodeTable, type EncodedBatch, type FittedParts } from './encode-table.ts';
import type { FeatureEncodingConfig } from './encoding-config.ts';
import { parseEncodingConfig } from './encoding-json.ts';
import { encodingPlan, type EncodingPlan } from './encoding-plan.ts';
import { isLevelFeature } from './feature-schema.ts';
import { checkTable, type FeatureTable } from './feature-table.ts';
import { fittedParts } from './fitted-parts.ts';
import type { Layout, Place } from './layout.ts';
import { MISSING } from './level-column.ts';
import { markedRows, NO_RANGE, type ValueTest } from './marked-rows.ts';
import { ENCODED_BOUND, type NumericColumn } from './numeric-column.ts';

/**
 * One dimension of the flow: a scored numeric feature, with an increasing map from original to
 * encoded units.
 */
export interface Dimension {
  readonly feature: string;
  readonly type: FeatureType;
  readonly nullable: boolean;
  /** Column of the feature in {@link FeatureTable.numeric}. */
  readonly numericColumn: number;
  /** σ of the Gaussian training noise in encoded units: the flow models the density of x + σ·ε. */
  readonly sigma: number;
  /**
   * Converts a finite value to encoded units. A value outside the domain is replaced by the nearest
   * one inside.
   */
  readonly toEncoded: (value: number) => number;
  /** Converts an encoded value to original units, within the domain and not rounded. */
  readonly fromEncoded: (encoded: number) => number;
  /**
   * Like fromEncoded, for expected values: beyond all training values, it returns the outermost
   * one.
   */
  readonly fromEncodedWithin: (encoded: number) => number;
  /** |d encoded / d value| at a value, in encoded units per original unit. */
  readonly derivative: (value: number) => number;
  /**
   * Fall of a standard normal from the end of the trained range to a value beyond it, in nats; 0
   * within. The flow is evaluated at the end of the range, and the log-density is lower by this
   * amount.
   */
  readonly fallBeyondRange: (value: number) => number;
  /** True if a value is so far beyond the trained range that it cannot be of the same kind. */
  readonly isStray: (value: number) => boolean;
}

/** Probability of a level given the level of the previous level feature. */
export interface LevelSurprise {
  readonly feature: string;
  readonly level: string;
  /**
   * P(level | previous level). An unseen level has the probability of all unseen levels together.
   */
  readonly probability: number;
}

/** Part of [0, 1] that a level takes up, in the order of the known levels. */
export interface LevelRange {
  readonly feature: string;
  readonly from: number;
  readonly to: number;
}

/** One outcome of a level feature; null stands for all unseen levels together. */
export interface LevelProbability {
  readonly level: string | null;
  readonly probability: number;
}

/**
 * Fitted, invertible encoding of feature tables as rows of a flow. Immutable.
 *
 *     log p(event) = flow log p(x | context) + logJacobian + logDiscrete,
 *
 * in nats and original units.
 */
export class FeatureEncoding {
  readonly schema: readonly FeatureSpec[];
  /** Number of dimensions of the flow, d. */
  readonly dimensions: number;
  /** Number of context columns, c. */
  readonly contextWidth: number;
  /** Feature name of each dimension. */
  readonly dimensionNames: readonly string[];
  /** Description of each context column, for people. */
  readonly contextNames: readonly string[];
  /**
   * Context column per dimension that is 1 if the feature is observed; null if it is always
   * observed.
   */
  readonly presence: readonly (number | null)[];
  /**
   * Training noise per dimension in encoded units: σ of the Gaussian noise, full width of the
   * uniform noise.
   */
  readonly noise: { readonly gaussian: Float32Array; readonly uniform: Float32Array };
  /** Dimensions of nullable features, which training may mask. */
  readonly maskable: readonly number[];
  /** Dimensions with their unit conversions, for explanations. */
  readonly scored: readonly Dimension[];
  /**
   * Standard deviation of each numeric column of a table in training, in original units: half the
   * distance between the values one deviation below and above the mean. The period of a cyclic
   * feature; 0 for a column without a scale.
   */
  readonly numericSpreads: Float64Array;
  readonly trainedRows: number;
  /** Warnings about the training rows, one sentence each. */
  readonly warnings: readonly string[];
  private readonly config: FeatureEncodingConfig;
  private readonly layout: Layout;
  private readonly parts: FittedParts;

  /**
   * Creates an encoding from a valid config. Use {@link FeatureEncoding.fromJSON} for any other.
   */
  constructor(config: FeatureEncodingConfig) {
    const { schema } = config;
    this.config = config;
    this.schema = schema;
    ({ layout: this.layout, parts: this.parts } = fittedParts(config));
    this.numericSpreads = numericSpreads(this.layout, this.parts);
    this.trainedRows = config.trainedRows;
    this.warnings = config.warnings;
    this.dimensions = this.layout.dimensions;
    this.contextNames = this.layout.contextNames;
    this.contextWidth = this.contextNames.length;
    const places = this.layout.places.filter((place) => place.kind === 'dimension');
    this.scored = places.map((place) => dimensionOf(place, this.columnOf(place)));
    this.dimensionNames = this.scored.map((dimension) => dimension.feature);
    this.presence = places.map(({ presenceColumn }) => (presenceColumn < 0 ? null : presenceColumn - this.dimensions));
    this.maskable = this.presence.flatMap((column, dimension) => (column === null ? [] : [dimension]));
    const configs = places.map((place) => this.columnOf(place).config);
    this.noise = {
      gaussian: Float32Array.from(configs, ({ gaussian }) => gaussian),
      uniform: Float32Array.from(configs, ({ uniform }) => uniform),
    };
  }

  /**
   * Encodes a table. Every number of the resulting rows is finite.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for a table of other columns, a missing value
   * of a feature that is not nullable, or an infinite value.
   */
  encode(table: FeatureTable): EncodedBatch {
    checkTable(this.schema, table);
    return encodeTable(this.layout, this.parts, table);
  }

  /**
   * Decodes rows to a table, the inverse of `encode`. Integers are rounded and values confined to
   * their domain. A cyclic value lies in its first period; a level without a one-hot column of its
   * own is null.
   * @param rows [size × (dimensions + contextWidth)]
   */
  decode(rows: Float32Array, size: number): FeatureTable {
    return decodeRows(this.layout, this.parts, rows, size);
  }

  /**
   * Draws rows but for the numbers that the flow models, which have a value of their domain:
   * missing features and levels as often as in training, and the context that is not given.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID if no training row has the given features, and
   * only them, missing.
   */
  drawConditions(size: number, random: Random, given: GivenValues): FeatureTable {
    return drawConditions(this.layout, this.parts, { size, random, given, trainedRows: this.trainedRows });
  }

  /** Splits rows for training: x [size × dimensions] and context [size × contextWidth]. */
  split(batch: Pick<EncodedBatch, 'size' | 'rows'>): {
    readonly x: Float32Array;
    readonly context: Float32Array;
    readonly size: number;
  } {
    const { dimensions: d, contextWidth: c } = this;
    const x = new Float32Array(batch.size * d);
    const context = new Float32Array(batch.size * c);
    for (let row = 0; row < batch.size; row++) {
      const start = row * (d + c);
      x.set(batch.rows.subarray(start, start + d), row * d);
      context.set(batch.rows.subarray(start + d, start + d + c), row * c);
    }
    return { x, context, size: batch.size };
  }

  /** Features of a row whose value is outside the feature's domain, in schema order. */
  outsideDomain(table: FeatureTable, row: number): readonly string[] {
    return this.layout.places.flatMap((place) => {
      const column = place.kind === 'levels' ? null : this.parts.numeric[place.tableColumn];
      if (column === null || column === undefined) return [];
      const value = at(table.numeric, row * table.numericWidth + place.tableColumn);
      return Number.isNaN(value) || column.accepts(value) ? [] : [place.spec.name];
    });
  }

  /**
   * Marks rows with a number so far beyond its trained range that it cannot be of the same kind,
   * such as a code for "no reading", in steps: [size], 1 for such a row.
   */
  strayRows(table: ColumnTable): Steps<Uint8Array> {
    const tests = this.scored.map(({ numericColumn: column, isStray, fromEncodedWithin }): ValueTest => {
      const [lowest, highest] = [fromEncodedWithin(-ENCODED_BOUND), fromEncodedWithin(ENCODED_BOUND)];
      // The map is increasing: no value between two that are not stray is.
      const usual = isStray(lowest) || isStray(highest) ? NO_RANGE : ([lowest, highest] as const);
      return { column, usual, marks: isStray };
    });
    return markedRows(table, tests);
  }

  /** Marks rows with a number outside its domain, in steps: [size], 1 for such a row. */
  outOfDomainRows(table: ColumnTable): Steps<Uint8Array> {
    const tests = this.layout.places.flatMap(({ kind, tableColumn }): readonly ValueTest[] => {
      const column = kind === 'levels' || kind === 'cyclic' ? null : this.parts.numeric[tableColumn];
      if (column === null || column === undefined) return [];
      const marks = (value: number): boolean => !column.accepts(value);
      return [{ column: tableColumn, usual: column.interval, marks }];
    });
    return markedRows(table, tests);
  }

  /**
   * Probability of each scored and observed level of a row, in schema order. The logs add up to the
   * row's `logDiscrete`.
   */
  levelSurprises(table: FeatureTable, row: number): readonly LevelSurprise[] {
    return this.scoredLevels(table, row).flatMap(({ spec, chain, column, previous, level }) =>
      level === null
        ? []
        : [{ feature: spec.name, level, probability: chain.probability(previous, column.indexOf(level)) }],
    );
  }

  /**
   * Part of [0, 1] that each scored and observed level of a row takes up, given the previous level
   * or nothing: the CDF before it and after it, the known levels in order, unseen ones last.
   */
  levelRanges(table: FeatureTable, row: number, given: 'previous' | 'nothing' = 'previous'): readonly LevelRange[] {
    return this.scoredLevels(table, row).flatMap(({ spec, chain, column, previous, level }) => {
      if (level === null) return [];
      const index = column.indexOf(level);
      const probabilityOf = (each: number): number =>
        given === 'previous' ? chain.probability(previous, each) : column.probability(each);
      let from = 0;
      for (let before = 0; before < index; before++) from += probabilityOf(before);
      return [{ feature: spec.name, from, to: Math.min(1, from + probabilityOf(index)) }];
    });
  }

  /**
   * Distribution of a scored level feature, given the previous level in a row, most likely first.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for any other feature.
   */
  levelDistribution(table: FeatureTable, row: number, feature: string): readonly LevelProbability[] {
    const found = this.scoredLevels(table, row).find(({ spec }) => spec.name === feature);
    if (found === undefined) {
      throw new FlowlineError(
        'FLOWLINE_FEATURES_INVALID',
        `${feature} is not a scored categorical or boolean feature.`,
      );
    }
    const { chain, column, previous } = found;
    const outcomes = [...column.config.levels, ...(column.config.closed ? [] : [null])];
    return outcomes
      .map((level, index) => ({ level, probability: chain.probability(previous, index) }))
      .sort((a, b) => b.probability - a.probability);
  }

  /**
   * Names of the features missing in a `missingPattern`; empty for the complete and the unknown
   * pattern.
   */
  missingFeatures(pattern: number): readonly string[] {
    return this.parts.patterns.featuresOf(pattern).flatMap((feature) => this.schema[feature]?.name ?? []);
  }

  /** Returns the encoding as data, for export to another program. */
  plan(): EncodingPlan {
    return encodingPlan(this.layout, this.parts);
  }

  /**
   * Plain JSON. After {@link FeatureEncoding.fromJSON} of its text, the encoding is the same bit
   * for bit.
   */
  toJSON(): FeatureEncodingConfig {
    return this.config;
  }

  /**
   * @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for anything but the `toJSON` of this or a
   * still readable version.
   */
  static fromJSON(json: unknown): FeatureEncoding {
    return new FeatureEncoding(parseEncodingConfig(json));
  }

  private columnOf(place: Place): NumericColumn {
    const column = this.parts.numeric[place.tableColumn];
    if (column === null || column === undefined) {
      throw new FlowlineError('FLOWLINE_MODEL_INCOMPATIBLE', `The encoding of ${place.spec.name} is missing.`);
    }
    return column;
  }

  private scoredLevels(table: FeatureTable, row: number) {
    const levelOf = (i: number): string | null => (i < 0 ? null : (table.levels[row * table.levelWidth + i] ?? null));
    return this.schema.filter(isLevelFeature).flatMap((spec, i) => {
      const column = this.parts.levels[i];
      const chain = this.parts.chains[i];
      if (spec.role !== 'score' || column === undefined || chain === undefined) return [];
      const previous = this.parts.levels[i - 1]?.indexOf(levelOf(i - 1)) ?? MISSING;
      return [{ spec, chain, column, previous, level: levelOf(i) }];
    });
  }
}

function numericSpreads({ places }: Layout, { numeric }: FittedParts): Float64Array {
  const spreads = new Float64Array(numeric.length);
  for (const { kind, spec, tableColumn } of places) {
    if (kind === 'levels') continue;
    const column = numeric[tableColumn] ?? null;
    if (column !== null) spreads[tableColumn] = column.isKnown ? (column.decode(1) - column.decode(-1)) / 2 : 0;
    else spreads[tableColumn] = spec.period ?? 0;
  }
  return spreads;
}

function dimensionOf(place: Place, column: NumericColumn): Dimension {
  const encoded = (value: number): number => column.standardised(column.scaled(column.nearest(value)));
  return {
    feature: place.spec.name,
    type: place.spec.type,
    nullable: place.spec.nullable,
    numericColumn: place.tableColumn,
    sigma: column.config.gaussian,
    toEncoded: encoded,
    fromEncoded: (value) => column.decode(value),
    fromEncodedWithin: (value) => column.decodeWithin(value),
    derivative: (value) => column.derivative(column.nearest(value)),
    fallBeyondRange: (value) => column.fallBeyondRange(encoded(value)),
    isStray: (value) => column.isStray(encoded(value)),
  };
}
