import type { Base } from '../plan/plan.ts';

/**
 * Component of a base: a product density over the dimensions of y = (z − location)·e^{−logScale}.
 * Its constant per dimension is {@link normalizerOf} − logScale.
 */
export interface Component {
  readonly logWeight: number;
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** Components of the base as a mixture. Any base but a Gaussian mixture has exactly one. */
export const componentsOf = (base: Base): readonly Component[] => {
  if (base.type !== 'gaussianMixture') return [{ logWeight: 0, location: base.location, logScale: base.logScale }];
  const features = base.location.length / base.logWeights.length;
  return Array.from(base.logWeights, (logWeight, k) => ({
    logWeight,
    location: base.location.subarray(k * features, (k + 1) * features),
    logScale: base.logScale.subarray(k * features, (k + 1) * features),
  }));
};

/** Constant term of log p(y) per dimension. */
export const normalizerOf = (base: Base): number =>
  base.type === 'studentT' ? base.logNormalizer : -0.5 * Math.log(2 * Math.PI);
