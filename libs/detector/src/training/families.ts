import type { FeatureEncoding } from '@flowline/features';
import { type Flow, glow, maf, naf, neuralSpline, planar, radial, realNVP } from '@flowline/flows';

import { recipe } from './recipe.ts';

/** Families whose weights are trained by gradient steps. */
export type TrainedFamily = 'realNVP' | 'glow' | 'maf' | 'neuralSpline' | 'naf' | 'planar' | 'radial';
/** Families that are fitted without gradient steps: they need few rows. */
export type FittedFamily = 'gaussian' | 'mixture';
/** Family of the densities of a detector. */
export type ModelFamily = TrainedFamily | FittedFamily;

/** True for a family that is fitted without gradient steps. */
export const isFitted = (family: ModelFamily): family is FittedFamily => family === 'gaussian' || family === 'mixture';

/** Family by the choice of a definition: `auto` is Real NVP, which ranks best on the dev sets. */
export const familyOf = (choice: ModelFamily | 'auto'): ModelFamily => (choice === 'auto' ? 'realNVP' : choice);

/** Options that the conditioners of all families share. */
const { layers, hidden, activation, inputClip, scaleBound } = recipe.flow;

/**
 * Flow of a family with new weights, for the rows of an encoding: Real NVP by the recipe, the
 * others with the recipe's networks and the depth that is usual for them. The caller disposes it.
 */
export function newFlow(
  { dimensions: features, contextWidth: context, presence }: FeatureEncoding,
  seed: number,
  family: TrainedFamily = 'realNVP',
): Flow {
  const rows = { features, context, presence, seed };
  const networks = { ...rows, hidden, activation, inputClip } as const;
  switch (family) {
    case 'realNVP':
      return realNVP({ ...recipe.flow, ...rows });
    case 'glow':
      return glow({ ...networks, layers, scaleBound });
    case 'maf':
      return maf({ ...networks, scaleBound });
    case 'neuralSpline':
      return neuralSpline({ ...networks, layers, partition: recipe.flow.partition });
    case 'naf':
      return naf({ ...networks, scaleBound });
    case 'planar':
      return planar(rows);
    case 'radial':
      return radial(rows);
  }
}
