import { DiagonalNormal, GaussianMixture, logGamma, StandardNormal, StudentT } from '@flowline/flows';
import type { Distribution } from '@flowline/flows';

import type { PlanBuilder } from './plan-builder.ts';
import type { Base } from '../plan/plan.ts';

/**
 * Lowers a base distribution over the latents. Check with {@link isLoweredBase} first that its kind
 * is known.
 */
export const lowerBase = (base: Distribution, builder: PlanBuilder): Base => {
  const weights = builder.weights(base.variables);
  const { features } = base.config;
  if (base instanceof StandardNormal) {
    return { type: 'normal', location: new Float64Array(features), logScale: new Float64Array(features) };
  }
  if (base instanceof DiagonalNormal) {
    return {
      type: 'normal',
      location: weights.read('location', features),
      logScale: weights.read('logScale', features),
    };
  }
  if (base instanceof StudentT) {
    const { degreesOfFreedom: nu } = base.config;
    return {
      type: 'studentT',
      degreesOfFreedom: nu,
      logNormalizer: logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI),
      location: weights.read('location', features),
      logScale: weights.read('logScale', features),
    };
  }
  if (base instanceof GaussianMixture) {
    const { components } = base.config;
    return {
      type: 'gaussianMixture',
      logWeights: builder.normalized(weights.read('logits', components)),
      location: weights.read('means', components * features),
      logScale: weights.read('logScales', components * features),
    };
  }
  throw new RangeError(`the base distribution ${base.config.type} has no lowering`);
};

/** True if {@link lowerBase} knows this kind of base. */
export const isLoweredBase = (base: Distribution): boolean =>
  [StandardNormal, DiagonalNormal, StudentT, GaussianMixture].some((kind) => base instanceof kind);
