import { at } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import { outlierThreshold, type Random, type RowLookup, type Rows } from '@flowline/flows';

import type { GaussianRows } from './linear-gaussian.ts';

/** Rows are repeated, each time with other noise, until there are as many. */
const LEAST_DRAWS = 2_000;

/** Number of copies of rows that are fitted to. */
export const copiesOf = (size: number): number => Math.ceil(LEAST_DRAWS / size);

/** At most so many of the rows, evenly spaced. */
export function spacedCopies(train: RowLookup, most: number): { readonly rows: Rows; readonly size: number } {
  const size = Math.min(train.size, most);
  const indices = Int32Array.from({ length: size }, (_, i) => Math.floor((i * train.size) / size));
  return { rows: train.rowsAt(indices), size };
}

/** Options of {@link noisyCopies}. */
export interface NoisyCopiesOptions {
  readonly copies: number;
  /** Probability that a nullable feature of a row is hidden. */
  readonly masking: number;
  readonly random: Random;
}

/** Copies of rows with noise of their own, and with features hidden as in training. */
export function noisyCopies(
  encoding: FeatureEncoding,
  rows: { readonly x: Float32Array; readonly context?: Float32Array; readonly size: number },
  { copies, masking, random }: NoisyCopiesOptions,
): GaussianRows {
  const { dimensions: features, contextWidth, noise, presence, maskable } = encoding;
  const size = copies * rows.size;
  const [x, context] = [new Float32Array(size * features), new Float32Array(size * contextWidth)];
  for (let copy = 0; copy < copies; copy++) {
    x.set(rows.x, copy * rows.x.length);
    if (rows.context !== undefined) context.set(rows.context, copy * rows.context.length);
  }
  const isMaskable = presence.map((_, feature) => maskable.includes(feature));
  for (let i = 0; i < x.length; i++) {
    const feature = i % features;
    const [column, row] = [at(presence, feature), Math.floor(i / features)];
    const hidden = at(isMaskable, feature) && random.uniform() < masking;
    if (hidden && column !== null) context[row * contextWidth + column] = 0;
    const isMissing = column !== null && at(context, row * contextWidth + column) === 0;
    const spread = at(noise.gaussian, feature) * random.normal();
    const width = at(noise.uniform, feature) * (random.uniform() - 0.5);
    x[i] = isMissing ? 0 : at(x, i) + spread + width;
  }
  return { features, contextWidth, x, context, size, presence };
}

/** Rows as flows take them. */
export const rowsOf = ({ x, context, contextWidth, size }: GaussianRows) =>
  contextWidth === 0 ? { x, size } : { x, context, size };

/** Rows that are no outliers by their log-likelihoods. */
export function withoutOutliers(rows: GaussianRows, logP: Float64Array): GaussianRows {
  const kept = ordinaryPlaces(logP);
  const { x, context, features, contextWidth } = rows;
  return {
    ...rows,
    x: chosenRows(x, features, kept),
    context: chosenRows(context, contextWidth, kept),
    size: kept.length,
  };
}

/** Places of the rows that are no outliers by their log-likelihoods. */
export function ordinaryPlaces(logP: Float64Array): readonly number[] {
  const threshold = outlierThreshold(logP);
  return Array.from(logP.keys()).filter((row) => at(logP, row) >= threshold);
}

/** Rows of so many values at places, in their order. */
export function chosenRows(values: Float32Array, width: number, places: readonly number[]): Float32Array {
  const result = new Float32Array(places.length * width);
  places.forEach((from, to) => result.set(values.subarray(from * width, (from + 1) * width), to * width));
  return result;
}
