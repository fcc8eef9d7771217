import type { FitOptions, RealNvpOptions } from '@flowline/flows';

/** Whether a detector's history is known to be normal, or may hold anomalies: then training and calibration trim outliers. */
export type TrainingData = 'clean' | 'unlabelled';

/**
 * How every detector is trained: affine couplings in pairs with a random permutation each, a final affine map, a normal base;
 * AdamW with a cosine. Chosen on labelled anomaly sets, not by likelihood, so it differs from the flow library's defaults.
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
  /** Validation rows beyond these tell early stopping nothing more. */
  validationRows: 1_000,
  /** The chance that a nullable feature of a training row is hidden, so that the density without it is learnt too. */
  maskingProbability: 0.15,
} as const satisfies {
  flow: Omit<RealNvpOptions, 'features' | 'seed'>;
  fit: Omit<FitOptions, 'seed'>;
  validationRows: number;
  maskingProbability: number;
};
