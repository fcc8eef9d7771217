import type { Base } from './plan.ts';

/** A density that is a product over the dimensions: y = (z − location)·e^{−logScale}, and a constant for each. */
export interface Component {
  readonly logWeight: number;
  readonly location: Float64Array;
  readonly logScale: Float64Array;
}

/** The base as a mixture: of one component, unless it is a Gaussian mixture. */
export const componentsOf = (base: Base): readonly Component[] => {
  if (base.type !== 'gaussianMixture') return [{ logWeight: 0, location: base.location, logScale: base.logScale }];
  const features = base.location.length / base.logWeights.length;
  return Array.from(base.logWeights, (logWeight, k) => ({
    logWeight,
    location: base.location.subarray(k * features, (k + 1) * features),
    logScale: base.logScale.subarray(k * features, (k + 1) * features),
  }));
};

/** The constant part of log p(y) of one dimension. */
export const normalizerOf = (base: Base): number =>
  base.type === 'studentT' ? base.logNormalizer : -0.5 * Math.log(2 * Math.PI);
