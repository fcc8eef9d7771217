import type { Baseline } from './baseline.ts';
import { contractionMatching } from './contraction-matching.ts';
import { distanceTo, localOutlierFactor } from './distances.ts';
import { gaussianMixture } from './gaussian-mixture.ts';
import { isolationForest } from './isolation-forest.ts';
import { randomCutForest } from './random-cut-forest.ts';
import { copod, ecod } from './tail-probabilities.ts';

export type { Baseline } from './baseline.ts';

/** Detectors to compare with, in the order of tables. */
export const baselines: readonly Baseline[] = [
  distanceTo(1),
  distanceTo(5),
  localOutlierFactor,
  gaussianMixture('GMM', 10, 1e-3),
  gaussianMixture('Gaussian', 1, 1e-6),
  isolationForest,
  ecod,
  copod,
  randomCutForest,
  contractionMatching,
];
