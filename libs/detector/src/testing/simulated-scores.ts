import type { Random } from '@flowline/flows';

import { logGamma } from '../calibration/beta.ts';
import type { ScoredRows } from '../training/usual-scores.ts';

/** Law of normal scores, with its exact survival function. */
export interface ScoreLaw {
  readonly name: string;
  readonly draw: (random: Random) => number;
  readonly survival: (score: number) => number;
}

/** Half a χ² with d degrees of freedom: −log p of a d-dimensional Gaussian, up to a constant. */
export const halfChiSquared = (d: number): ScoreLaw => ({
  name: `half a χ² with ${d} degrees of freedom`,
  draw: (random) => distanceOf(random, d, 0),
  survival: (score) => upperGamma(d / 2, score),
});

const pareto = (shape: number): ScoreLaw => ({
  name: `Pareto, shape ${shape.toFixed(2)}`,
  draw: (random) => (1 - random.uniform()) ** -shape,
  survival: (score) => Math.min(1, score ** (-1 / shape)),
});

/** The laws of the table in docs/reference/calibration.md, and those at which faults were found. */
export const scoreLaws: readonly ScoreLaw[] = [
  ...[1, 3, 8, 10, 30].map(halfChiSquared),
  { name: 'exponential', draw: (random) => -Math.log(1 - random.uniform()), survival: (score) => Math.exp(-score) },
  ...[1 / 3, 1 / 2, 1].map(pareto),
  {
    name: '80 % zeros beside others',
    draw: (random) => (random.uniform() < 0.8 ? 0 : 3 + distanceOf(random, 1, 0)),
    survival: (score) => 0.2 * upperGamma(0.5, score - 3),
  },
];

/** Half the squared distance from 0 of a d-dimensional Gaussian that is shifted along one axis. */
export function distanceOf(random: Random, d: number, shift: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += (random.normal() + (i === 0 ? shift : 0)) ** 2;
  return sum / 2;
}

/** Scored rows without levels, contexts or missing values, and whatever differs from that. */
export function scoredRows(scores: Float64Array, others: Partial<ScoredRows> = {}): ScoredRows {
  return {
    logDensityNats: scores.map((score) => -score),
    logLevels: new Float64Array(scores.length),
    missingPattern: new Int32Array(scores.length),
    traits: { level: () => null, missing: () => [] },
    contexts: 0,
    stray: new Uint8Array(scores.length),
    missingNats: {},
    ...others,
  };
}

/** Regularised upper incomplete gamma function Q(a, x), by series and continued fraction. */
function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a];
    for (let n = 1; term > sum * 1e-16; n++) sum += term *= x / (a + n);
    return 1 - sum * front;
  }
  let b = x + 1 - a;
  let [c, d] = [1e300, 1 / b];
  let fraction = d;
  for (let i = 1; i < 1000; i++) {
    b += 2;
    d = 1 / (b - i * (i - a) * d);
    c = b - (i * (i - a)) / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return front * fraction;
}
