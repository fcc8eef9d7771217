import { ActNorm, AffineCoupling, Chain, ElementWiseAffine, Permutation } from '@flowline/flows';
import type { Bijector, MlpConfig } from '@flowline/flows';

import { beside, lowerMlp } from './mlp.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { WeightReader } from './weights.ts';
import type { Network, ScaleFunction } from '../plan.ts';

/** Puts a bijector into a plan if it is of the kind that the lowering knows, and says whether it was. */
type Lowering = (bijector: Bijector, builder: PlanBuilder) => boolean;

const lowerAffine: Lowering = (bijector, builder) => {
  if (!(bijector instanceof ActNorm || bijector instanceof ElementWiseAffine)) return false;
  const { features } = bijector.config;
  const weights = new WeightReader(bijector.variables);
  builder.affine(weights.read('logScale', features).map(Math.exp), weights.read('shift', features));
  return true;
};

const lowerPermutation: Lowering = (bijector, builder) => {
  if (!(bijector instanceof Permutation)) return false;
  builder.permute(bijector.config.order);
  return true;
};

const lowerAffineCoupling: Lowering = (bijector, builder) => {
  if (!(bijector instanceof AffineCoupling)) return false;
  const { features, context, conditioning, inputClip, scale, networks } = bijector.config;
  const weights = new WeightReader(bijector.variables);
  const conditions = new Set(conditioning);
  const transformed = Array.from({ length: features }, (_, i) => i).filter((i) => !conditions.has(i));
  const width = transformed.length;
  const mlp = (shape: MlpConfig, part: WeightReader, outputs: number): Network =>
    lowerMlp(shape, part, conditioning.length, context, outputs);
  const network =
    networks.kind === 'shared'
      ? mlp(networks.net, weights, 2 * width)
      : beside(mlp(networks.scale, weights.part('scale'), width), mlp(networks.shift, weights.part('shift'), width));
  builder.affineCoupling({ conditioning, transformed, inputClip, scale: scaleFunction(scale), network });
  return true;
};

const lowerChain: Lowering = (bijector, builder) => {
  if (!(bijector instanceof Chain)) return false;
  for (const part of bijector.parts) lowerBijector(part, builder);
  return true;
};

const scaleFunction = ({ kind, bound }: AffineCoupling['config']['scale']): ScaleFunction =>
  kind === 'none' || bound === null ? { kind: 'none', bound: null } : { kind, bound };

/** One line per bijector that has a lowering. */
const lowerings: readonly Lowering[] = [lowerAffine, lowerPermutation, lowerAffineCoupling, lowerChain];

/** The type of the first part of a bijector that has no lowering, or null when all have one. */
export const missingLowering = (bijector: Bijector): string | null => {
  if (bijector instanceof Chain) return bijector.parts.map(missingLowering).find((type) => type !== null) ?? null;
  const known = [ActNorm, AffineCoupling, ElementWiseAffine, Permutation].some((kind) => bijector instanceof kind);
  return known ? null : bijector.config.type;
};

/** Puts a bijector into a plan; {@link missingLowering} says beforehand whether every part of it can be. */
export const lowerBijector = (bijector: Bijector, builder: PlanBuilder): void => {
  if (lowerings.some((lower) => lower(bijector, builder))) return;
  throw new RangeError(`the bijector ${bijector.config.type} has no lowering`);
};
