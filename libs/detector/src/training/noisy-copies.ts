import { at } from '@flowline/events';
import type { FeatureEncoding } from '@flowline/features';
import type { Random, RowLookup, Rows } from '@flowline/flows';

import { spacedPlaces } from '../history/spaced-rows.ts';
import { chosenRows } from './chosen-rows.ts';
import type { GaussianRows } from './linear-gaussian.ts';

/** Rows are repeated, each time with other noise, until there are as many. */
const LEAST_DRAWS = 2_000;

/** Number of copies of rows that are fitted to. */
export const copiesOf = (size: number): number => Math.ceil(LEAST_DRAWS / size);

/** At most so many of the rows, evenly spaced. */
export function spacedCopies(train: RowLookup, most: number): { readonly rows: Rows; readonly size: number } {
  const places = spacedPlaces(train.size, most);
  return { rows: train.rowsAt(places), size: places.length };
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

/** The rows at places. */
export const rowsAtPlaces = (rows: GaussianRows, places: Int32Array): GaussianRows => ({
  ...rows,
  x: chosenRows(rows.x, rows.features, places),
  context: chosenRows(rows.context, rows.contextWidth, places),
  size: places.length,
});
