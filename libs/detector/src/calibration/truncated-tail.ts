import type { Steps } from '@flowline/events';

import { valueAt } from '../sorted.ts';
import type { GeneralisedPareto } from './tail.ts';

/** Distribution of a tail with its posterior probability. */
export interface WeightedPareto extends GeneralisedPareto {
  readonly weight: number;
}

/** Shapes that are considered: from a tail that ends to one without a mean. */
const SHAPES = Array.from({ length: 16 }, (_, i) => -0.3 + 0.1 * i);
/** Weak prior on the shape, a normal distribution: a window shows little of the tail beyond it. */
const PRIOR = { mean: 0, deviation: 0.3 } as const;
/** Scales that stand for those of a shape, in posterior standard deviations from the best one. */
const SCALE_NODES = [-1.5, -0.5, 0.5, 1.5] as const;
const [SEARCH_STEPS, GOLDEN] = [22, (Math.sqrt(5) - 1) / 2];
const CURVATURE_STEP = 0.05;
/** Laws of a smaller posterior probability are left out. */
const LEAST_WEIGHT = 1e-5;

/** log P(Y > y) of a generalised Pareto distribution; −Infinity beyond its end. */
export function logSurvival({ shape, scale }: GeneralisedPareto, y: number): number {
  if (Math.abs(shape) < 1e-9) return -y / scale;
  const base = 1 + (shape * y) / scale;
  return base <= 0 ? -Infinity : -Math.log(base) / shape;
}

/**
 * Posterior distribution of a generalised Pareto tail whose exceedances y are observed up to
 * `width` only, so that their likelihood is f(y)/(1 − S(width)): a grid of shapes, each with the
 * scales around its best one (a Laplace approximation), weighted by likelihood and a weak prior on
 * the shape. In steps.
 */
export function* truncatedPareto(exceedances: Float64Array, width: number): Steps<readonly WeightedPareto[]> {
  const mean = exceedances.reduce((sum, y) => sum + y / exceedances.length, 0);
  const found: { shape: number; scale: number; log: number }[] = [];
  for (const shape of SHAPES) {
    const at = (logScale: number): number => logLikelihood({ shape, scale: Math.exp(logScale) }, exceedances, width);
    const best = maximum(at, Math.log(mean / 20), Math.log(mean * 50));
    const peak = at(best);
    if (peak > -Infinity) {
      const bend = (2 * peak - at(best + CURVATURE_STEP) - at(best - CURVATURE_STEP)) / CURVATURE_STEP ** 2;
      const deviation = 1 / Math.sqrt(Math.max(bend, 0.01));
      const prior = -(((shape - PRIOR.mean) / PRIOR.deviation) ** 2) / 2 + Math.log(deviation);
      for (const node of SCALE_NODES) {
        const logScale = best + node * deviation;
        found.push({ shape, scale: Math.exp(logScale), log: at(logScale) + prior });
      }
    }
    yield;
  }
  const top = found.reduce((most, { log }) => Math.max(most, log), -Infinity);
  const total = found.reduce((sum, { log }) => sum + Math.exp(log - top), 0);
  return found
    .map(({ shape, scale, log }) => ({ shape, scale, weight: Math.exp(log - top) / total }))
    .filter(({ weight }) => weight > LEAST_WEIGHT);
}

function logLikelihood(law: GeneralisedPareto, exceedances: Float64Array, width: number): number {
  const { shape, scale } = law;
  const end = logSurvival(law, valueAt(exceedances, exceedances.length - 1));
  if (end === -Infinity) return -Infinity;
  let sum = 0;
  if (Math.abs(shape) < 1e-9) for (const y of exceedances) sum -= y / scale;
  else for (const y of exceedances) sum -= (1 + 1 / shape) * Math.log1p((shape * y) / scale);
  const within = -Math.expm1(logSurvival(law, width));
  return sum - exceedances.length * (Math.log(scale) + Math.log(within));
}

/** Place of the maximum of a function with one peak, by golden section. */
function maximum(of: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atA, atB] = [of(a), of(b)];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    if (atA > atB) {
      [high, b, atB] = [b, a, atA];
      a = high - GOLDEN * (high - low);
      atA = of(a);
    } else {
      [low, a, atA] = [a, b, atB];
      b = low + GOLDEN * (high - low);
      atB = of(b);
    }
  }
  return (low + high) / 2;
}
