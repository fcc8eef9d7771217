import type { FeatureSpec } from '@flowline/events';

import { encodeTable, type EncodedBatch, type FittedParts } from './encode-table.ts';
import type { FeatureEncodingConfig } from './encoding-config.ts';
import { checkTable, type FeatureTable } from './feature-table.ts';
import { fittedParts } from './fitted-parts.ts';
import type { Layout, Place } from './layout.ts';
import { ENCODED_BOUND, type NumericColumn } from './numeric-column.ts';

/** Values that a feature had in training, for people who choose one. */
export type FeatureValues =
  | {
      readonly kind: 'number';
      /** Outermost training values, in original units. */
      readonly range: readonly [lowest: number, highest: number];
      /** Increasing map to the scale on which the model sees the feature, and its inverse. */
      readonly toEncoded: (value: number) => number;
      readonly fromEncoded: (encoded: number) => number;
    }
  | { readonly kind: 'cycle'; readonly period: number }
  | { readonly kind: 'levels'; readonly levels: readonly string[] }
  /** No training row had a value: it counts as missing. */
  | { readonly kind: 'unknown' };

/** Feature with the values that it had in training. */
export interface KnownFeature {
  readonly spec: FeatureSpec;
  readonly values: FeatureValues;
}

/**
 * Encoder of rows by a fitted encoding, for programs that score and do not fit, such as a browser.
 * Its rows are those of {@link FeatureEncoding} of the same config.
 */
export class RowEncoder {
  readonly schema: readonly FeatureSpec[];
  readonly features: readonly KnownFeature[];
  /** Number of dimensions of the flow. */
  readonly dimensions: number;
  /** Numbers of a row: dimensions and context. */
  readonly width: number;
  readonly #layout: Layout;
  readonly #parts: FittedParts;

  /** @param config valid, as `FeatureEncoding.toJSON` gives it. */
  constructor(config: FeatureEncodingConfig) {
    const { layout, parts } = fittedParts(config);
    this.schema = config.schema;
    this.#layout = layout;
    this.#parts = parts;
    this.dimensions = layout.dimensions;
    this.width = layout.dimensions + layout.contextNames.length;
    this.features = layout.places.map((place) => ({ spec: place.spec, values: valuesOf(place, parts) }));
  }

  /** Encodes a table, as `FeatureEncoding.encode` does and with its errors. */
  encode(table: FeatureTable): EncodedBatch {
    checkTable(this.schema, table);
    return encodeTable(this.#layout, this.#parts, table);
  }
}

function valuesOf({ kind, spec, tableColumn }: Place, { numeric, levels }: FittedParts): FeatureValues {
  if (kind === 'levels') return { kind: 'levels', levels: levels[tableColumn]?.config.levels ?? [] };
  if (kind === 'cyclic') return { kind: 'cycle', period: spec.period ?? 1 };
  const column = numeric[tableColumn] ?? null;
  return column?.isKnown === true ? numbersOf(column) : { kind: 'unknown' };
}

const numbersOf = (column: NumericColumn): FeatureValues => ({
  kind: 'number',
  range: [column.decodeWithin(-ENCODED_BOUND), column.decodeWithin(ENCODED_BOUND)],
  toEncoded: (value) => column.standardised(column.scaled(column.nearest(value))),
  fromEncoded: (encoded) => column.decode(encoded),
});
