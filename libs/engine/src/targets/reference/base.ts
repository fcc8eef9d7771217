import { at } from '@flowline/events';
import type { GradientOf } from './parameter-gradient.ts';
import type { Base, StudentTBase } from '../../plan/plan.ts';

/** Log-density of z under the base of a plan, over the observed dimensions. */
export interface BaseValue {
  readonly logDensity: number;
  /**
   * ∂L/∂z, given ∂L/∂ log p of the row. Adds ∂L/∂ the parameters of the base to `into` unless it is
   * null.
   */
  reverse(scoreAdjoint: number, into: GradientOf<Base> | null): Float64Array;
}

/** Evaluates the base of a plan: a mixture of one or more components. */
export const evaluateBase = (base: Base, z: Float64Array, observed: Float64Array): BaseValue => {
  const density = densityOf(base);
  const logWeights = base.type === 'gaussianMixture' ? base.logWeights : Float64Array.of(0);
  const logs = logWeights.map((logWeight, k) =>
    z.reduce((sum, value, d) => {
      const { y, logScale } = standardised(base, k * z.length + d, value);
      return sum + at(observed, d) * (density.log(y) - logScale);
    }, logWeight),
  );
  const largest = Math.max(...logs);
  // If every component is −∞, they count alike.
  const weights = logs.map((log) => (largest === -Infinity ? 1 : Math.exp(log - largest)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / total);
  return {
    logDensity: largest + Math.log(total),
    reverse: (scoreAdjoint, into) => {
      const atZ = new Float64Array(z.length);
      shares.forEach((share, k) => {
        reverseComponent(base, density, { z, observed, atZ, k, adjoint: scoreAdjoint * share }, into);
        if (into?.places.type !== 'gaussianMixture') return;
        into.gradient.add(at(into.places.logWeights, k), scoreAdjoint * (share - Math.exp(at(logWeights, k))));
      });
      return atZ;
    },
  };
};

/** Component k of a base at one row, with ∂L/∂ its log-density. */
interface ComponentRow {
  readonly z: Float64Array;
  readonly observed: Float64Array;
  /** ∂L/∂z, added to. */
  readonly atZ: Float64Array;
  readonly k: number;
  readonly adjoint: number;
}

const reverseComponent = (
  base: Base,
  density: Density,
  { z, observed, atZ, k, adjoint }: ComponentRow,
  into: GradientOf<Base> | null,
): void =>
  z.forEach((value, d) => {
    if (at(observed, d) === 0) return;
    const i = k * z.length + d;
    const { y, scale } = standardised(base, i, value);
    const atY = adjoint * density.slope(y);
    atZ[d] = at(atZ, d) + atY / scale;
    into?.gradient.add(at(into.places.location, i), -atY / scale);
    into?.gradient.add(at(into.places.logScale, i), -(atY * y + adjoint));
  });

const standardised = (base: Base, i: number, z: number): { y: number; scale: number; logScale: number } => {
  const logScale = at(base.logScale, i);
  const scale = Math.exp(logScale);
  return { y: (z - at(base.location, i)) / scale, scale, logScale };
};

/** Log-density of the standardised y of one dimension, and its derivative. */
interface Density {
  log(y: number): number;
  slope(y: number): number;
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

const densityOf = (base: Base): Density => (base.type === 'studentT' ? studentT(base) : normal);

const normal: Density = {
  log: (y) => -(0.5 * y * y + HALF_LOG_TWO_PI),
  slope: (y) => -y,
};

const studentT = ({ degreesOfFreedom: nu, logNormalizer }: StudentTBase): Density => ({
  log: (y) => logNormalizer - ((nu + 1) / 2) * Math.log1p((y * y) / nu),
  slope: (y) => (-(nu + 1) * y) / (nu + y * y),
});
