import type { FeatureEncoding } from '@flowline/features';
import {
  type Distribution,
  type Flow,
  glow,
  maf,
  naf,
  neuralSpline,
  planar,
  type PartitionScheme,
  radial,
  realNVP,
} from '@flowline/flows';

import { type FlowBase, initialBase, NORMAL } from './bases.ts';
import { recipe } from './recipe.ts';

/** Families whose weights are trained by gradient steps. */
export type TrainedFamily = 'realNVP' | 'glow' | 'maf' | 'neuralSpline' | 'naf' | 'planar' | 'radial';
/** Families that are fitted without gradient steps: they need few rows. */
export type FittedFamily = 'gaussian' | 'mixture';
/** Family of the densities of a detector. */
export type ModelFamily = TrainedFamily | FittedFamily;

/** True for a family that is fitted without gradient steps. */
export const isFitted = (family: ModelFamily): family is FittedFamily => family === 'gaussian' || family === 'mixture';

/**
 * Families of the members of an ensemble: the one of all, which `auto` chooses, or one per member.
 */
export type FamilyChoice = ModelFamily | 'auto' | readonly ModelFamily[];

/**
 * Structure of a density: its family and base, and for couplings the partition and depth of their
 * layers.
 */
export interface Architecture {
  readonly family: ModelFamily;
  /** Null if the family divides no features. */
  readonly partition: PartitionScheme | null;
  /** Number of layers; null for the depth that is usual for the family. */
  readonly layers: number | null;
  /** Base of a flow. A family that is fitted has its own. */
  readonly base: FlowBase;
}

/** Architecture of a trained family. */
export type TrainedArchitecture = Architecture & { readonly family: TrainedFamily };

/** Architecture of a fitted family. */
export type FittedArchitecture = Architecture & { readonly family: FittedFamily };

/** True for an architecture whose weights are trained by gradient steps. */
export const isTrained = <Of extends Architecture>(architecture: Of): architecture is Of & TrainedArchitecture =>
  !isFitted(architecture.family);

/** Architecture of a family that is named: Real NVP by the recipe. */
export const architectureOf = <Family extends ModelFamily>(
  family: Family,
  base: FlowBase = NORMAL,
): Architecture & { readonly family: Family } => ({
  family,
  partition: family === 'realNVP' || family === 'neuralSpline' ? recipe.flow.partition : null,
  layers: family === 'realNVP' || family === 'neuralSpline' || family === 'glow' ? recipe.flow.layers : null,
  base,
});

/** Options that the conditioners of all families share. */
const { hidden, activation, inputClip, scaleBound } = recipe.flow;

/**
 * Flow with new weights, for the rows of an encoding: Real NVP by the recipe, the others with the
 * recipe's networks. The caller disposes it.
 * @param base distribution of the latents (default: an untrained one of the architecture).
 */
export function newFlow(
  { dimensions: features, contextWidth: context, presence }: FeatureEncoding,
  seed: number,
  architecture: TrainedArchitecture,
  base: Distribution | null = initialBase(architecture.base, features, seed),
): Flow {
  const { family, partition, layers } = architecture;
  const rows = { features, context, presence, seed, ...(base === null ? {} : { base }) };
  const networks = { ...rows, hidden, activation, inputClip } as const;
  const depth = layers === null ? {} : { layers };
  const divided = partition === null ? {} : { partition };
  switch (family) {
    case 'realNVP':
      return realNVP({ ...recipe.flow, ...rows, ...depth, ...divided });
    case 'glow':
      return glow({ ...networks, ...depth, scaleBound });
    case 'maf':
      return maf({ ...networks, ...depth, scaleBound });
    case 'neuralSpline':
      return neuralSpline({ ...networks, ...depth, ...divided });
    case 'naf':
      return naf({ ...networks, ...depth, scaleBound });
    case 'planar':
      return planar(rows);
    case 'radial':
      return radial(rows);
  }
}
