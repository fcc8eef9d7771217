/** Options that determine the learning rate of a step. */
export interface Schedule {
  readonly steps: number;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly finalLearningRateFraction: number;
}

/** Linear warm-up times a cosine from 1 down to finalLearningRateFraction. Steps count from 0. */
export function learningRateAt(step: number, schedule: Schedule): number {
  const { steps, learningRate, warmupSteps, finalLearningRateFraction: floor } = schedule;
  const warmup = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return learningRate * warmup * (floor + (1 - floor) * cosine);
}
