import type { FitOptions, RealNvpOptions } from '@flowline/flows';

/**
 * `clean`: the detector's history is known to be normal. `unlabelled`: it may contain anomalies, so
 * training and calibration trim outliers.
 */
export type TrainingData = 'clean' | 'unlabelled';

/** True if training and calibration leave outliers out: the data may hold anomalies. */
export const isRobust = (data: TrainingData): boolean => data === 'unlabelled';

/**
 * Training recipe of every detector: affine couplings in pairs with one random permutation per
 * pair, a final affine map, a normal base; AdamW with a cosine schedule. It was selected on
 * labelled anomaly sets, not by likelihood, so it differs from the flow library's defaults.
 */
export const recipe = {
  flow: {
    layers: 8,
    hidden: [64, 64],
    activation: 'relu',
    scaleBound: 2,
    inputClip: 5,
    actNorm: false,
    partition: 'pairs',
    finalAffine: true,
  },
  fit: {
    steps: 1_000,
    batchSize: 256,
    learningRate: 2e-3,
    weightDecay: 1e-4,
    warmupSteps: 50,
    finalLearningRateFraction: 0.01,
    clipNorm: 5,
    validateEvery: 50,
    patience: 8,
  },
  /**
   * Peak learning rate of a warm start. At the full rate, the first steps would lose the weights
   * that it starts from.
   */
  warmLearningRate: 5e-4,
  /** Maximum number of validation rows. More do not improve early stopping. */
  validationRows: 1_000,
  /**
   * Probability that a nullable feature of a training row is masked, so that the flow also learns
   * the density without it.
   */
  maskingProbability: 0.15,
} as const satisfies {
  flow: Omit<RealNvpOptions, 'features' | 'seed'>;
  fit: Omit<FitOptions, 'seed'>;
  warmLearningRate: number;
  validationRows: number;
  maskingProbability: number;
};
