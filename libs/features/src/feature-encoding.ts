import { FlowlineError, type FeatureSpec, type FeatureType } from '@flowline/events';

import { decodeRows } from './decode-rows.ts';
import { encodeTable, type EncodedBatch, type FittedParts } from './encode-table.ts';
import type { FeatureEncodingConfig } from './encoding-config.ts';
import { parseEncodingConfig } from './encoding-json.ts';
import { encodingPlan, type EncodingPlan } from './encoding-plan.ts';
import { isLevelFeature } from './feature-schema.ts';
import { checkTable, type FeatureTable } from './feature-table.ts';
import { layoutOf, type Layout, type Place } from './layout.ts';
import { LevelChain } from './level-chain.ts';
import { LevelColumn, MISSING } from './level-column.ts';
import { MissingPatterns } from './missing-patterns.ts';
import { NumericColumn } from './numeric-column.ts';

/** One dimension of the flow: a scored numeric feature, and its map from original to encoded units. The map is increasing. */
export interface Dimension {
  readonly feature: string;
  readonly type: FeatureType;
  readonly nullable: boolean;
  /** The feature's column in {@link FeatureTable.numeric}. */
  readonly numericColumn: number;
  /** σ of the Gaussian training noise in encoded units: the flow is the density of x + σ·ε. */
  readonly sigma: number;
  /** Encoded units of a finite value; of the closest value of the domain where it is outside. */
  readonly toEncoded: (value: number) => number;
  /** Original units of an encoded value: between the ends of the domain, and not rounded. */
  readonly fromEncoded: (encoded: number) => number;
  /** As fromEncoded, and of what lies beyond all training rows the outermost value that they had: what can be expected. */
  readonly fromEncodedWithin: (encoded: number) => number;
  /** |d encoded / d value| at a value, in encoded units per original unit. */
  readonly derivative: (value: number) => number;
  /**
   * How far beyond the trained range a value lies: the nats by which a standard normal falls from the end of the range to it; 0
   * within. The flow is asked at the end, and the log density is less by this.
   */
  readonly fallBeyondRange: (value: number) => number;
  /** Whether a value lies so far beyond the trained range that it is no value of the same kind. */
  readonly isStray: (value: number) => boolean;
}

/** How likely a level was, given the level of the feature before. */
export interface LevelSurprise {
  readonly feature: string;
  readonly level: string;
  /** P(level | previous level), an unseen level having the mass of all unseen ones. */
  readonly probability: number;
}

/** One outcome of a level feature; null stands for all unseen levels together. */
export interface LevelProbability {
  readonly level: string | null;
  readonly probability: number;
}

/**
 * The fitted, invertible encoding of feature tables as rows of a flow. Immutable.
 *
 * log p(event) = flow log p(x | context) + logJacobian + logDiscrete, in nats and original units.
 */
export class FeatureEncoding {
  readonly schema: readonly FeatureSpec[];
  /** d: the number of dimensions of the flow. */
  readonly dimensions: number;
  /** c: the number of context columns. */
  readonly contextWidth: number;
  /** The feature of each dimension. */
  readonly dimensionNames: readonly string[];
  /** What each context column is, for people. */
  readonly contextNames: readonly string[];
  /** Per dimension, the context column that is 1 where it is observed; null where it always is. */
  readonly presence: readonly (number | null)[];
  /** Training noise per dimension in encoded units: σ of the Gaussian one, full width of the uniform one. */
  readonly noise: { readonly gaussian: Float32Array; readonly uniform: Float32Array };
  /** The dimensions of nullable features: those that training may mask. */
  readonly maskable: readonly number[];
  /** The dimensions one by one, for explanations. */
  readonly scored: readonly Dimension[];
  readonly trainedRows: number;
  /** What a person should know of the training rows, one sentence each. */
  readonly warnings: readonly string[];
  private readonly config: FeatureEncodingConfig;
  private readonly layout: Layout;
  private readonly parts: FittedParts;

  /** Of a config that is known to be valid; {@link FeatureEncoding.fromJSON} is for any other. */
  constructor(config: FeatureEncodingConfig) {
    const { schema } = config;
    const levels = config.levels.map((level) => new LevelColumn(level));
    this.config = config;
    this.schema = schema;
    this.layout = layoutOf(schema, levels.map(oneHotNames));
    this.parts = {
      numeric: config.numeric.map((column) => (column === null ? null : new NumericColumn(column))),
      levels,
      chains: levels.map((column, i) => new LevelChain(column, config.chains[i] ?? null)),
      patterns: new MissingPatterns(schema.length, config.missingPatterns),
    };
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
   * Encodes a table. Every number of the result's rows is finite.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for other columns, a missing value of a feature that is not nullable, or an infinite one.
   */
  encode(table: FeatureTable): EncodedBatch {
    checkTable(this.schema, table);
    return encodeTable(this.layout, this.parts, table);
  }

  /**
   * The table of encoded rows: the inverse of `encode`. Integers are rounded and values confined to their domain; a cyclic
   * value is the one of its first period, a level that has no column of its own is null.
   * @param rows [size × (dimensions + contextWidth)]
   */
  decode(rows: Float32Array, size: number): FeatureTable {
    return decodeRows(this.layout, this.parts, rows, size);
  }

  /** Takes rows apart, as training wants them: x [size × dimensions] and context [size × contextWidth]. */
  split(batch: EncodedBatch): { readonly x: Float32Array; readonly context: Float32Array; readonly size: number } {
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

  /** The features of a row whose value is outside the feature's domain, in schema order. */
  outsideDomain(table: FeatureTable, row: number): readonly string[] {
    return this.layout.places.flatMap((place) => {
      const column = place.kind === 'levels' ? null : this.parts.numeric[place.tableColumn];
      if (column === null || column === undefined) return [];
      const value = table.numeric[row * table.numericWidth + place.tableColumn] ?? NaN;
      return Number.isNaN(value) || column.accepts(value) ? [] : [place.spec.name];
    });
  }

  /**
   * Which rows hold a number so far beyond its trained range that it is no value of the same kind, such as a code for "no reading":
   * [size], 1 where one does.
   */
  strayRows(table: FeatureTable): Uint8Array {
    const rows = new Uint8Array(table.size);
    for (const { numericColumn, isStray } of this.scored) {
      rows.forEach((_, row) => {
        const value = table.numeric[row * table.numericWidth + numericColumn] ?? NaN;
        if (!Number.isNaN(value) && isStray(value)) rows[row] = 1;
      });
    }
    return rows;
  }

  /** How likely each scored and observed level of a row was, in schema order; the logs add up to its `logDiscrete`. */
  levelSurprises(table: FeatureTable, row: number): readonly LevelSurprise[] {
    return this.scoredLevels(table, row).flatMap(({ spec, chain, column, previous, level }) =>
      level === null
        ? []
        : [{ feature: spec.name, level, probability: chain.probability(previous, column.indexOf(level)) }],
    );
  }

  /**
   * The distribution of a scored level feature given the level before it in a row, most likely first.
   * @throws FlowlineError FLOWLINE_FEATURES_INVALID for another feature.
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

  /** The names of the features that a row of this `missingPattern` lacks; empty for a complete and for an unknown one. */
  missingFeatures(pattern: number): readonly string[] {
    return this.parts.patterns.featuresOf(pattern).flatMap((feature) => this.schema[feature]?.name ?? []);
  }

  /** What `encode` does, as data: for exporting it to another program. */
  plan(): EncodingPlan {
    return encodingPlan(this.layout, this.parts);
  }

  /** Plain JSON; {@link FeatureEncoding.fromJSON} of its text encodes bit for bit the same. */
  toJSON(): FeatureEncodingConfig {
    return this.config;
  }

  /** @throws FlowlineError FLOWLINE_MODEL_INCOMPATIBLE for anything that `toJSON` of this version has not made. */
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

function oneHotNames(column: LevelColumn): readonly string[] {
  const names: string[] = [];
  column.columns.forEach((at, index) => {
    if (at >= 0) names.push(column.levelAt(index) ?? '(unseen)');
  });
  return names;
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
