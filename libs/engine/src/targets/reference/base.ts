import { at } from '@flowline/events';
import type { Base } from '../../plan/plan.ts';

/**
 * Log-density of z under the base of a plan, over the observed dimensions, and its derivative with
 * respect to z.
 */
export interface BaseValue {
  readonly logDensity: number;
  readonly slope: Float64Array;
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

/** Evaluates the base of a plan. */
export const evaluateBase = (base: Base, z: Float64Array, observed: Float64Array): BaseValue => {
  switch (base.type) {
    case 'normal':
      return normal(base.location, base.logScale, z, observed);
    case 'studentT': {
      const { degreesOfFreedom: nu, logNormalizer, location, logScale } = base;
      let logDensity = 0;
      const slope = z.map((value, i) => {
        const scale = Math.exp(at(logScale, i));
        const y = (value - at(location, i)) / scale;
        logDensity += at(observed, i) * (logNormalizer - at(logScale, i) - ((nu + 1) / 2) * Math.log1p((y * y) / nu));
        return (-at(observed, i) * (nu + 1) * y) / (nu + y * y) / scale;
      });
      return { logDensity, slope };
    }
    case 'gaussianMixture': {
      const { logWeights, location, logScale } = base;
      const d = z.length;
      const components = Array.from(logWeights, (logWeight, k) => {
        const own = (values: Float64Array): Float64Array => values.subarray(k * d, (k + 1) * d);
        const value = normal(own(location), own(logScale), z, observed);
        return { ...value, log: logWeight + value.logDensity };
      });
      const largest = Math.max(...components.map(({ log }) => log));
      // If every component is −∞, the first one stands for all.
      const weights = components.map(({ log }) => (largest === -Infinity ? 1 : Math.exp(log - largest)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return {
        logDensity: largest + Math.log(total),
        slope: z.map((_, i) =>
          components.reduce((sum, { slope }, k) => sum + (at(weights, k) / total) * at(slope, i), 0),
        ),
      };
    }
  }
};

const normal = (location: Float64Array, logScale: Float64Array, z: Float64Array, observed: Float64Array): BaseValue => {
  let logDensity = 0;
  const slope = z.map((value, i) => {
    const scale = Math.exp(at(logScale, i));
    const y = (value - at(location, i)) / scale;
    logDensity -= at(observed, i) * (0.5 * y * y + HALF_LOG_TWO_PI + at(logScale, i));
    return (-at(observed, i) * y) / scale;
  });
  return { logDensity, slope };
};
